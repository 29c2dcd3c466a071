import Foundation
import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// `/hub/api/user` and `/hub/api/users/<name>…` as far as single-user servers and simple clients need them.
struct UserRoutes: Sendable {
    let gate: Gate
    let persons: any PersonStore
    let sessions: any SessionStore
    let activity: ActivityLedger
    let url: PublicURL
    let now: @Sendable () -> Date

    func add(to router: Router<HubContext>) {
        router.get("hub/api/user", use: whoAmI)
        router.get("hub/api/users/:name", use: user)
        router.post("hub/api/users/:name/activity", use: report)
    }

    /// 403 is believed for five minutes by every server that asks, so it is said only when it is certain: an error of the
    /// store leaves here as an error.
    @Sendable func whoAmI(_ request: Request, _ context: HubContext) async throws -> Response {
        let caller = try await gate.requireCaller(request, context, isContract: true)
        var model = try await self.model(of: caller.person).json(for: caller)
        model["token_id"] = caller.token.map { .string($0.id) } ?? .null
        model["session_id"] = caller.sid.map { .string($0) } ?? .null
        model["scopes"] = .array(caller.scopes.expanded.map { .string($0) })
        return try .json(model)
    }

    @Sendable func user(_ request: Request, _ context: HubContext) async throws -> Response {
        let caller = try await gate.requireCaller(request, context)
        let name = try context.name("name")
        try caller.require("read:users:name", user: name)
        var model = try await self.model(of: person(named: name)).json(for: caller)
        if caller.person.isAdmin { model["auth_state"] = .null }
        return try .json(model)
    }

    @Sendable func report(_ request: Request, _ context: HubContext) async throws -> Response {
        let caller = try await gate.requireCaller(request, context)
        let name = try context.name("name")
        try caller.require("users:activity", user: name)
        let live = try await sessions.active(person: person(named: name).id)
        for (server, instant) in try ActivityReport(try await request.json(), now: now()).byServer {
            guard let session = live.first(where: { $0.server == server }) else {
                throw HubError(.badRequest, "\(name) has no server named '\(server)'")
            }
            activity.report(session.id, at: instant)
        }
        return Response(status: .ok, headers: [.contentType: "application/json"])
    }

    private func model(of person: PersonRecord) async throws -> UserModel {
        UserModel(person: person, sessions: try await sessions.active(person: person.id), url: url)
    }

    private func person(named name: String) async throws -> PersonRecord {
        guard let person = try await persons.person(named: name) else {
            throw HubError(.notFound, "nobody here is named \(name)")
        }
        return person
    }
}
