import Foundation
import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// `/api/v1/sessions`: one's own sessions. Asking is answered at once, with a session or with a place in the queue.
struct SessionRoutes: Sendable {
    let gate: Gate
    let desk: SessionDesk
    let sessions: any SessionStore
    let url: PublicURL
    let recheck: Recheck

    func add(to router: Router<HubContext>) {
        router.get("api/v1/sessions", use: list)
        router.post("api/v1/sessions", use: start)
        router.get("api/v1/sessions/:session", use: look)
        router.delete("api/v1/sessions/:session", use: stop)
    }

    @Sendable func list(_ request: Request, _ context: HubContext) async throws -> Response {
        let caller = try await gate.requireCaller(request, context)
        try caller.require("read:servers", user: caller.name)
        var models: [JSON] = []
        for session in try await sessions.active(person: caller.person.id) { models.append(await model(session)) }
        return try .json(["sessions": .array(models)])
    }

    /// `{"profile": …, "environment": …, "size": …, "options": {…}, "cluster": …, "server": …}`, of which nothing has to be there.
    @Sendable func start(_ request: Request, _ context: HubContext) async throws -> Response {
        let wish = try await Wish(request.json())
        let asking = try await gate.requireCaller(request, context)
        try asking.require("start:servers", user: asking.name, server: wish.server)
        try await recheck.beforeStart(of: asking.person)
        // As the person is now: the issuer may have taken a group away, or the last one that let the person in.
        let caller = try await gate.requireCaller(request, context)
        let session = try await desk.start(wish.choice, server: wish.server, for: caller.person)
        return try .json(await model(session), status: .created)
    }

    @Sendable func look(_ request: Request, _ context: HubContext) async throws -> Response {
        let (_, session) = try await question(request, context, needing: "read:servers")
        return try .json(await model(session))
    }

    @Sendable func stop(_ request: Request, _ context: HubContext) async throws -> Response {
        let (caller, session) = try await question(request, context, needing: "delete:servers")
        if session.state != .stopping, session.state != .ended { try await desk.stop(session, by: caller.person) }
        return Response(status: .accepted)
    }

    private func question(
        _ request: Request, _ context: HubContext, needing scope: String
    ) async throws -> (Caller, SessionRecord) {
        let caller = try await gate.requireCaller(request, context)
        guard let session = try await sessions.session(id: context.name("session")),
            caller.scopes.allow(scope, user: session.personName, server: session.server)
        else { throw HubError(.notFound, "there is no such session of yours") }
        return (caller, session)
    }

    private func model(_ session: SessionRecord) async -> JSON {
        var model: JSON = [
            "id": .string(session.id), "server": .string(session.server), "state": .string(session.state.rawValue),
            "message": .string(session.message.headline), "profile": .string(session.profile),
            "environment": .string(session.environment), "size": .string(session.size),
            "cluster": session.isWaiting ? .null : .string(session.cluster),
            "url": .string(url.origin + session.prefix), "created": .string(Timestamp.text(session.createdAt)),
        ]
        if session.isWaiting, let place = await desk.scheduler.queuePlace(of: session.id) {
            model["queue"] = [
                "place": .integer(Int64(place.number)), "of": .integer(Int64(place.of)),
                "why": .array(place.why.map { .string($0) }), "message": .string(place.sentence),
            ]
        }
        return model
    }

    /// What a call asks for.
    private struct Wish {
        let choice: SessionChoice
        let server: String

        init(_ body: JSON?) throws(HubError) {
            choice = try SessionChoice(body, "the body", besides: ["server"])
            server = try SessionChoice.text("server", in: body ?? .null) ?? ""
            guard server.isEmpty || server.wholeMatch(of: /[a-z]([a-z0-9-]{0,28}[a-z0-9])?/) != nil else {
                throw HubError(.badRequest, "a server's name has small letters, digits and hyphens, 30 at most")
            }
        }
    }
}
