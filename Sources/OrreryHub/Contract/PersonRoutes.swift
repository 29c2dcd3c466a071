import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// What operators do about people: suspend them, let them in again, remove them.
struct PersonRoutes: Sendable {
    let gate: Gate
    let persons: any PersonStore
    let suspension: Suspension

    func add(to router: Router<HubContext>) {
        router.post("hub/api/users/:name/suspension", use: suspend)
        router.delete("hub/api/users/:name/suspension", use: lift)
        router.delete("hub/api/users/:name", use: remove)
    }

    @Sendable func suspend(_ request: Request, _ context: HubContext) async throws -> Response {
        let (caller, person) = try await question(request, context)
        try await suspension.suspend(person, by: caller.person)
        return Response(status: .noContent)
    }

    @Sendable func lift(_ request: Request, _ context: HubContext) async throws -> Response {
        let (caller, person) = try await question(request, context)
        try await suspension.lift(person, by: caller.person)
        return Response(status: .noContent)
    }

    /// 204 when the person is gone, 202 while sessions are still stopping.
    @Sendable func remove(_ request: Request, _ context: HubContext) async throws -> Response {
        let (caller, person) = try await question(request, context)
        return Response(status: try await suspension.remove(person, by: caller.person) ? .noContent : .accepted)
    }

    private func question(_ request: Request, _ context: HubContext) async throws -> (Caller, PersonRecord) {
        let caller = try await gate.requireCaller(request, context)
        let name = try context.name("name")
        try caller.require("admin:users", user: name)
        guard let person = try await persons.person(named: name) else {
            throw HubError(.notFound, "nobody here is named \(name)")
        }
        guard person.id != caller.person.id else {
            throw HubError(.conflict, "that is your own account", next: "ask another operator of this hub")
        }
        return (caller, person)
    }
}
