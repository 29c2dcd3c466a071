import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryStore

/// `/hub/api/users/<name>/tokens`: the tokens of a person, as clients of JupyterHub make and revoke them.
struct TokenRoutes: Sendable {
    let gate: Gate
    let desk: TokenDesk
    let persons: any PersonStore

    func add(to router: Router<HubContext>) {
        router.get("hub/api/users/:name/tokens", use: list)
        router.post("hub/api/users/:name/tokens", use: make)
        router.get("hub/api/users/:name/tokens/:id", use: look)
        router.delete("hub/api/users/:name/tokens/:id", use: revoke)
    }

    @Sendable func list(_ request: Request, _ context: HubContext) async throws -> Response {
        let (_, owner) = try await question(request, context, needing: "read:tokens")
        let models = try await desk.all(of: owner).map { TokenModel(token: $0, name: owner.person.name).json }
        return try .json(["api_tokens": .array(models)])
    }

    /// The only answer that ever holds the token.
    @Sendable func make(_ request: Request, _ context: HubContext) async throws -> Response {
        let (caller, owner) = try await question(request, context, needing: "tokens")
        guard owner.id == caller.person.id else {
            throw HubError(.forbidden, "tokens are made by whom they speak for", next: "let \(owner.person.name) do it")
        }
        let wish = try TokenWish(try await request.json(), for: caller.name)
        let made = try await desk.make(wish, by: caller)
        var model = TokenModel(token: made.record, name: caller.name).json
        model["token"] = .string(made.secret.reveal())
        return try .json(model, status: .created)
    }

    @Sendable func look(_ request: Request, _ context: HubContext) async throws -> Response {
        let (_, owner) = try await question(request, context, needing: "read:tokens")
        let token = try await desk.token(context.name("id"), of: owner)
        return try .json(TokenModel(token: token, name: owner.person.name).json)
    }

    @Sendable func revoke(_ request: Request, _ context: HubContext) async throws -> Response {
        let (_, owner) = try await question(request, context, needing: "tokens")
        try await desk.revoke(context.name("id"), of: owner)
        return Response(status: .noContent)
    }

    private func question(
        _ request: Request, _ context: HubContext, needing scope: String
    ) async throws -> (Caller, PersonRecord) {
        let caller = try await gate.requireCaller(request, context)
        let name = try context.name("name")
        try caller.require(scope, user: name)
        guard let owner = try await persons.person(named: name) else {
            throw HubError(.notFound, "nobody here is named \(name)")
        }
        return (caller, owner)
    }
}
