import HTTPTypes
import Hummingbird
import Logging
import OrreryIdentity
import OrreryModel

/// Where an issuer says that somebody has logged out there (OpenID Connect Back-Channel Logout 2.5).
struct IssuerLogoutRoutes: Sendable {
    let logout: IssuerLogout

    func add(to router: Router<HubContext>) { router.post("hub/logout/:issuer", use: take) }

    /// 200 when what the token names has ended, 400 when the token cannot be believed: nothing else is told to whoever asks.
    @Sendable func take(_ request: Request, _ context: HubContext) async throws -> Response {
        let label = try context.name("issuer")
        do {
            guard let token = try await request.form()["logout_token"] else { return try answer(.badRequest) }
            let count = try await logout.obey(token, of: label)
            context.logger.notice(
                "issuer logged somebody out", metadata: ["issuer": "\(label)", "logins": "\(count)"])
            return try answer(.ok)
        } catch let error as IdentityError {
            context.logger.notice(
                "logout token refused", metadata: ["issuer": "\(label)", "reason": "\(error.detail)"])
            return try answer(.badRequest)
        }
    }

    private func answer(_ status: HTTPResponse.Status) throws -> Response {
        var response: Response =
            status == .ok
            ? Response(status: .ok) : try .json(["error": "invalid_request"], status: status)
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
