import Foundation
import HTTPTypes
import Hummingbird
import Logging
import OrreryModel
import OrreryStore

/// `/hub/api/oauth2/authorize`, `/hub/api/oauth2/token` and `/hub/api/oauth2/revoke`.
struct OAuthRoutes: Sendable {
    let provider: OAuthProvider
    let gate: Gate
    let devices: DeviceDesk

    private static let deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

    func add(to router: Router<HubContext>) {
        router.get("hub/api/oauth2/authorize", use: authorize)
        router.post("hub/api/oauth2/token", use: token)
        router.post("hub/api/oauth2/revoke", use: revoke)
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
        let form = try await request.form()
        if form["grant_type"] == Self.deviceGrant { return try await device(form) }
        switch try await provider.exchange(form) {
        case .granted(let token, let end, let scopes):
            return try grant(token, lasting: end.timeIntervalSince(provider.now()), scopes)
        case .refused(let reason):
            context.logger.notice("token request refused", metadata: ["error": "\(reason.rawValue)"])
            return try refusal(reason.rawValue)
        }
    }

    /// A program that waits for its person; see `DeviceDesk`.
    private func device(_ form: FormFields) async throws -> Response {
        guard form["client_id"] == DeviceDesk.client else { return try refusal("invalid_client") }
        guard let code = form["device_code"] else { return try refusal("invalid_request") }
        switch try await devices.ask(code) {
        case .granted(let token, let record):
            let end = record.expiresAt ?? devices.now()
            return try grant(token, lasting: end.timeIntervalSince(devices.now()), record.scopes)
        case .refused(let error, let reason): return try refusal(error, because: reason)
        }
    }

    /// Ends the token in the form (RFC 7009): whoever has it may. The answer says nothing about whether there was one.
    @Sendable func revoke(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let token = try await request.form()["token"] else { return try refusal("invalid_request") }
        try await devices.tokens.revoke(token: token)
        return Response(status: .ok, headers: [.cacheControl: "no-store"])
    }

    private func grant(_ token: Secret, lasting seconds: Double, _ scopes: [String]) throws -> Response {
        var response = try Response.json([
            "access_token": .string(token.reveal()), "token_type": "Bearer", "expires_in": .integer(Int64(seconds)),
            "scope": .string(scopes.joined(separator: " ")),
        ])
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// RFC 6749 5.2: 401 for a client that did not prove itself, 400 for everything else.
    private func refusal(_ error: String, because reason: String? = nil) throws -> Response {
        var body: JSON = ["error": .string(error)]
        if let reason { body["error_description"] = .string(reason) }
        var response = try Response.json(
            body, status: error == "invalid_client" ? .unauthorized : .badRequest)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
