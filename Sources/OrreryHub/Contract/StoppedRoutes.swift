import Foundation
import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// What is left of `/user/…` when the proxy has no route for it: programs get 424 at once (JupyterLab then says that the
/// connection is lost, and other clients stop asking), people get to where the server can be started.
struct StoppedRoutes: Sendable {
    let gate: Gate
    let sessions: any SessionStore

    func add(to router: Router<HubContext>) {
        for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options] {
            router.on("user/**", method: method, use: answer)
        }
        router.get("hub/user/**", use: explain)
        for path in ["hub/user-redirect", "hub/user-redirect/**"] as [RouterPath] {
            router.get(path, use: userRedirect)
        }
    }

    @Sendable func answer(_ request: Request, _ context: HubContext) async throws -> Response {
        let address = ServerAddress(path: request.uri.path)
        let isForPeople = request.method == .get && (!address.isAPI || request.wantsPage)
        guard isForPeople, let target = ReturnPath(request.target) else {
            throw HubError(.stopped, "there is no running server at \(request.uri.path)", next: "start it at /hub/home")
        }
        // Under our own path, since the login's cookie need not come with any other.
        return .redirect(to: "/hub\(target.text)")
    }

    /// `/hub/user/…`: why nothing runs at `/user/…`, and what can be done about it.
    @Sendable func explain(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let target = ReturnPath(String(request.target.dropFirst("/hub".count))) else {
            throw HubError(.badRequest, "this link is not a path")
        }
        let address = ServerAddress(path: target.path)
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: target.text) }
        let session = try await address.session(of: visitor.person.id, in: sessions)
        if let session, ![.stopping, .ended].contains(session.state) { return try lead(to: session, then: target) }
        return stopped(session, address, target, for: visitor)
    }

    /// Links that are the same for everybody: the rest of the path is opened in the person's own server.
    @Sendable func userRedirect(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        let rest = request.target.dropFirst("/hub/user-redirect".count).drop { $0 == "/" }
        let base = "/user/\(visitor.person.person.name.escapedForContract)/"
        guard let target = ReturnPath(base + rest) else { throw HubError(.badRequest, "this link is not a path") }
        let live = try await sessions.active(person: visitor.person.id)
        guard let session = live.first(where: { $0.prefix == base }) else { return .redirect(to: Self.start(target)) }
        switch session.state {
        case .ready, .unreachable: return .redirect(to: target.text)
        case .stopping: return stopped(session, ServerAddress(path: target.path), target, for: visitor)
        default: return try lead(to: session, then: target)
        }
    }

    private func lead(to session: SessionRecord, then target: ReturnPath) throws(HubError) -> Response {
        // A session that is ready has a route; that we are asked all the same means the proxy has lost it for a moment.
        guard session.state.isPending else {
            throw HubError(
                .unavailable, "your session runs, but the way to it is being restored", next: "try again in a moment")
        }
        return .redirect(to: "/hub/progress/\(session.id)?" + FormFields.encode([("next", target.text)]))
    }

    private func stopped(
        _ session: SessionRecord?, _ address: ServerAddress, _ target: ReturnPath, for visitor: Visitor
    ) -> Response {
        let isOwn = address.person == visitor.person.person.name
        let page = StoppedPage(
            frame: Frame(visitor), title: isOwn ? "Your notebook" : "The notebook of \(address.person)",
            sentence: session?.message.headline, endedAt: session?.endedAt.map { Moment($0) },
            startHref: isOwn ? Self.start(target, server: session?.server ?? "") : nil)
        return .page(page.html(), status: .init(code: 424))
    }

    private static func start(_ target: ReturnPath, server: String = "") -> String {
        let name = server.isEmpty ? [] : [(name: "server", value: server)]
        return "/hub/home?" + FormFields.encode([("next", target.text)] + name)
    }
}
