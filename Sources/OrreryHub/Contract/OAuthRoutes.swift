import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// `/hub/api/oauth2/authorize` and `/hub/api/oauth2/token`.
struct OAuthRoutes: Sendable {
    let provider: OAuthProvider
    let gate: Gate

    func add(to router: Router<HubContext>) {
        router.get("hub/api/oauth2/authorize", use: authorize)
        router.post("hub/api/oauth2/token", use: token)
    }

    @Sendable func authorize(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        switch try await provider.authorize(request.fields, for: visitor) {
        case .redirect(let location):
            return .redirect(to: location)
        case .foreign(let owner):
            throw HubError(
                .forbidden, "you may not open the server of \(owner)", next: "start your own from your home page",
                detail: "\(visitor.person.person.name) asked to open a server of \(owner)")
        }
    }

    @Sendable func token(_ request: Request, _ context: HubContext) async throws -> Response {
        var response: Response
        switch try await provider.exchange(try await request.form()) {
        case .granted(let token, let scopes):
            response = try .json([
                "access_token": .string(token.reveal()), "token_type": "Bearer",
                "expires_in": .integer(Int64(Tokens.visit)), "scope": .string(scopes.joined(separator: " ")),
            ])
        case .refused(let reason):
            context.logger.notice("token request refused", metadata: ["error": "\(reason.rawValue)"])
            // RFC 6749 5.2: 401 for a client that did not prove itself, 400 for everything else.
            response = try .json(
                ["error": .string(reason.rawValue)], status: reason == .invalidClient ? .unauthorized : .badRequest)
        }
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
