import HTTPTypes
import Hummingbird
import OrreryModel
import OrrerySpawn
import OrreryStore

/// `/hub/api/users/<name>/server` and `…/servers/<server>`: start, look at, stop, follow.
struct ServerRoutes: Sendable {
    let gate: Gate
    let desk: SessionDesk
    let persons: any PersonStore
    let sessions: any SessionStore
    let url: PublicURL
    let recheck: Recheck

    /// How long a call waits for what it asked for before it answers "under way", as the contract has it.
    static let patience = Duration.seconds(10)

    func add(to router: Router<HubContext>) {
        for path in ["hub/api/users/:name/server", "hub/api/users/:name/servers/:server"] {
            router.post(RouterPath(path), use: start)
            router.get(RouterPath(path), use: look)
            router.delete(RouterPath(path), use: stop)
            router.get(RouterPath(path + "/progress"), use: progress)
        }
    }

    /// 201 when the server is ready within ten seconds, 202 when it is still on its way.
    @Sendable func start(_ request: Request, _ context: HubContext) async throws -> Response {
        let asked = try await question(request, context, needing: "start:servers")
        if let session = asked.session {
            let name = asked.owner.person.name
            // In the contract's own words: clients look for them.
            guard session.state != .stopping else {
                throw HubError(.badRequest, "\(name) is pending stop", next: "try again in a moment")
            }
            guard session.state.isPending else { throw HubError(.badRequest, "\(name) is already running") }
            return Response(status: .accepted)
        }
        guard SessionDesk.isServerName(asked.server) else {
            throw HubError(.badRequest, "a server's name has small letters, digits and hyphens: '\(asked.server)'")
        }
        let choice = try Self.choice(await request.json())
        let mayHaveChanged = try await recheck.beforeStart(of: asked.owner)
        // As both are now: the issuer may have taken away what let the caller in, or the owner.
        let now = mayHaveChanged ? try await question(request, context, needing: "start:servers") : asked
        let isOwn = now.caller.person.id == now.owner.id
        if !isOwn, try await !gate.logins.admitsPrograms(of: now.owner) {
            throw HubError(.forbidden, "\(now.owner.person.name) is in no group that may enter")
        }
        let session = try await desk.start(choice, server: asked.server, for: now.owner)
        // In the queue it may be long; what the contract calls under way is said at once.
        guard !session.isWaiting else { return Response(status: .accepted) }
        let standing = try await desk.spawner.standing(of: session.id, within: Self.patience) { !$0.isPending }
        switch standing?.state {
        case .ready, .unreachable: return Response(status: .created)
        case .ended, .stopping: throw HubError(.broken, standing?.message.headline ?? "")
        default: return Response(status: .accepted)
        }
    }

    @Sendable func look(_ request: Request, _ context: HubContext) async throws -> Response {
        let asked = try await question(request, context, needing: "read:servers")
        return try .json(ServerModel(session: asked.found(), url: url).json)
    }

    /// 204 when the server is gone within ten seconds, 202 when it is still on its way out. Everybody has the default server,
    /// running or not: JupyterHub says 204 of it also when there was nothing to stop.
    @Sendable func stop(_ request: Request, _ context: HubContext) async throws -> Response {
        let asked = try await question(request, context, needing: "delete:servers")
        if asked.session == nil, asked.server.isEmpty { return Response(status: .noContent) }
        let session = try asked.found()
        let grace = try Self.grace(await request.json())
        if session.state != .stopping || grace != nil {
            try await desk.stop(session, by: asked.caller.person, grace: grace)
        }
        let standing = try await desk.spawner.standing(of: session.id, within: Self.patience) { $0 == .ended }
        return Response(status: standing?.state == .ended ? .noContent : .accepted)
    }

    @Sendable func progress(_ request: Request, _ context: HubContext) async throws -> Response {
        let session = try await question(request, context, needing: "read:servers").found()
        guard session.state != .stopping else { throw HubError(.badRequest, "this server is not starting") }
        return ServerSentEvents.response(of: desk.spawner.progress(of: session.id, after: 0)) { event in
            ContractProgress.event(event, prefix: session.prefix)
        }
    }

    /// Whom and what a call is about.
    private struct Question {
        let caller: Caller
        let owner: PersonRecord
        let server: String
        let session: SessionRecord?

        func found() throws(HubError) -> SessionRecord {
            guard let session else {
                throw HubError(.notFound, "\(owner.person.name) has no running server named '\(server)'")
            }
            return session
        }
    }

    private func question(_ request: Request, _ context: HubContext, needing scope: String) async throws -> Question {
        let caller = try await gate.requireCaller(request, context)
        let name = try context.name("name")
        let server = context.parameters.get("server") == nil ? "" : try context.name("server")
        try caller.require(scope, user: name, server: server)
        let isOwn = caller.person.person.name.isExactly(name)
        guard let owner = try await isOwn ? caller.person : persons.person(named: name) else {
            throw HubError(.notFound, "nobody here is named \(name)")
        }
        let session = try await sessions.active(person: owner.id).first { $0.server == server }
        return Question(caller: caller, owner: owner, server: server, session: session)
    }

    /// `{"grace": 0}`: seconds, of our own.
    private static func grace(_ body: JSON?) throws(HubError) -> Duration? {
        guard let value = body?["grace"] else { return nil }
        let longest = Plan.Life.longestGrace.components.seconds
        guard let seconds = value.wholeNumber, (0...longest).contains(seconds) else {
            throw HubError(.badRequest, "`grace` must be whole seconds from 0 to \(longest)")
        }
        return .seconds(seconds)
    }

    /// `{"user_options": {…}}`, or the options as the whole body as older clients send them. What JupyterHub shows as the server's
    /// name is passed over.
    static func choice(_ body: JSON?) throws(HubError) -> SessionChoice {
        let shown = "display_name"
        guard let body, let options = body["user_options"] else {
            return try SessionChoice(body, "the body", besides: [shown])
        }
        try SessionChoice.check(body, "the body", ["user_options", shown])
        return try SessionChoice(options, "`user_options`")
    }
}
