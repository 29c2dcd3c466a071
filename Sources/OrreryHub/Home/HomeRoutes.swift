import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// The home page, starting and stopping.
struct HomeRoutes: Sendable {
    let gate: Gate
    let desk: SessionDesk
    let view: HomeView
    let sessions: any SessionStore
    let recheck: Recheck

    /// Where a link that wants to log somebody out leads when it came from elsewhere.
    static let leaving = "/hub/home?leaving=1"

    func add(to router: Router<HubContext>) {
        router.get("hub") { _, _ in Response.redirect(to: "/hub/home") }
        router.get("hub/home", use: home)
        for path in ["hub/spawn", "hub/spawn/:name", "hub/spawn/:name/:server"] as [RouterPath] {
            router.get(path, use: spawn)
        }
        router.post("hub/start", use: start)
        router.post("hub/stop/:session", use: stop)
        router.post("hub/restart/:session", use: restart)
    }

    @Sendable func home(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        let notices =
            request.fields["leaving"] == nil
            ? [] : [Notice(kind: .information, text: "To log out, press the button at the top of this page")]
        return try await home(
            visitor, notices: notices, next: ReturnPath(request.fields["next"]), server: request.fields["server"])
    }

    /// `server` is what another session would be called, if it can be.
    private func home(
        _ visitor: Visitor, notices: [Notice], next: ReturnPath?, server: String? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let live = try await sessions.active(person: visitor.person.id)
        let last = live.isEmpty ? try await sessions.lastEnded(person: visitor.person.id) : nil
        var page = try await view.page(for: visitor, live: live, last: last, notices: notices, next: next)
        page.newServer = server.flatMap { name in
            !name.isEmpty && SessionDesk.isServerName(name) && !live.contains { $0.server == name } ? name : nil
        }
        return .page(page.html(), status: status)
    }

    /// JupyterLab's "Restart" comes here. Nothing is started by a link: the person chooses on the home page, where a server's name
    /// stands in the forms already.
    @Sendable func spawn(_ request: Request, _ context: HubContext) async throws -> Response {
        let isNamed = context.parameters.get("server") != nil
        let name = isNamed ? FormFields.encode([("server", try context.name("server"))]) : nil
        let query = [request.uri.query, name].compactMap(\.self).joined(separator: "&")
        return .redirect(to: "/hub/home" + (query.isEmpty ? "" : "?\(query)"))
    }

    @Sendable func start(_ request: Request, _ context: HubContext) async throws -> Response {
        let form = try await request.form()
        guard let asking = try await gate.visitor(request, sending: form) else {
            return gate.login(returningTo: "/hub/home")
        }
        try await recheck.beforeStart(of: asking.person)
        // As the person is now: the issuer may have taken a group away, or the last one that let the person in.
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: "/hub/home") }
        let next = ReturnPath(request.fields["next"])
        var choice = SessionDesk.Choice(
            profile: form["profile"], environment: form["environment"], size: form["size"],
            cluster: form["cluster"].flatMap { $0.isEmpty ? nil : $0 })
        choice.options = Self.options(in: form)
        let server = form["server"] ?? ""
        do {
            guard SessionDesk.isServerName(server) else {
                throw HubError(.unprocessable, "a session's name has small letters, digits and hyphens")
            }
            let session = try await desk.start(choice, server: server, for: visitor.person)
            let query = next.map { "?" + FormFields.encode([("next", $0.text)]) } ?? ""
            return .redirect(to: "/hub/progress/\(session.id)\(query)")
        } catch {
            // The person is looking at this page already: the reason goes where the button was.
            let error = HubError(any: error)
            guard [.unprocessable, .conflict, .unavailable].contains(error.kind) else { throw error }
            context.logger.notice(
                "session was not started", metadata: ["person": "\(visitor.person.person.name)", "error": "\(error)"])
            let notice = Notice(kind: .failure, text: error.message, next: error.next)
            return try await home(
                visitor, notices: [notice], next: next, server: server, status: .init(code: error.kind.rawValue))
        }
    }

    /// The fields `option.NAME`.
    private static func options(in form: FormFields) -> [String: String] {
        let mark = "option."
        let fields = form.byName.filter { $0.key.hasPrefix(mark) }
        return Dictionary(fields.map { (String($0.key.dropFirst(mark.count)), $0.value) }) { first, _ in first }
    }

    @Sendable func stop(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request, sending: try await request.form()) else {
            return gate.login(returningTo: "/hub/home")
        }
        let session = try await sessions.session(id: context.name("session"))
        guard let session, session.person == visitor.person.id || visitor.person.isAdmin else {
            throw HubError(.notFound, "there is no such session of yours")
        }
        if session.state != .ended { try await desk.stop(session, by: visitor.person) }
        return .redirect(to: "/hub/home")
    }

    /// Stops a session of one's own and starts it anew, with the settings of now.
    @Sendable func restart(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let asking = try await gate.visitor(request, sending: try await request.form()) else {
            return gate.login(returningTo: "/hub/home")
        }
        try await recheck.beforeStart(of: asking.person)
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: "/hub/home") }
        let session = try await sessions.session(id: context.name("session"))
        guard let session, session.person == visitor.person.id else {
            throw HubError(.notFound, "there is no such session of yours")
        }
        do {
            let fresh = try await desk.restart(session, by: visitor.person)
            return .redirect(to: "/hub/progress/\(fresh.id)")
        } catch {
            let error = HubError(any: error)
            guard [.unprocessable, .conflict, .unavailable].contains(error.kind) else { throw error }
            let notice = Notice(kind: .failure, text: error.message, next: error.next)
            return try await home(visitor, notices: [notice], next: nil, status: .init(code: error.kind.rawValue))
        }
    }
}
