import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel

/// What the token endpoint gave. Neither is ever logged.
struct TokenAnswer {
    let identity: String
    let access: String
}

extension Issuer {
    /// Exchanges the code (OpenID Connect Core 3.1.3). No redirects, at most 256 KiB.
    func exchange(
        _ code: String, _ transaction: LoginTransaction, at endpoint: String
    ) async throws(IdentityError) -> TokenAnswer {
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", configuration.redirectURI),
            ("code_verifier", transaction.verifier),
        ]
        var headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        switch (configuration.secret, configuration.secretMethod) {
        case (let secret?, .basic): headers.append(("Authorization", Self.basic(configuration.client, secret)))
        case (let secret?, .post):
            form += [("client_id", configuration.client), ("client_secret", secret.reveal())]
        case (nil, _): form.append(("client_id", configuration.client))
        }
        let request = FetchRequest(
            "POST", url: endpoint, headers: headers.map { (name: $0.0, value: $0.1) },
            body: Array(WebAddress.encode(form).utf8), limit: .seconds(10), bodyLimit: 256 << 10)
        return try read(try await source.fetch(request, "token endpoint"))
    }

    /// RFC 6749 2.3.1: both are form-encoded before they are joined.
    private static func basic(_ client: String, _ secret: Secret) -> String {
        let pair = "\(WebAddress.escape(client)):\(WebAddress.escape(secret.reveal()))"
        return "Basic " + Data(pair.utf8).base64EncodedString()
    }

    private func read(_ answer: FetchResponse) throws(IdentityError) -> TokenAnswer {
        let document = try? JSON(strict: answer.body)
        guard answer.status == 200, document?["error"] == nil else { throw refusal(answer.status, document) }
        guard let identity = document?["id_token"]?.string, let access = document?["access_token"]?.string else {
            throw IdentityError(
                .misbehaving, at: configuration, "its token endpoint gave no ID token or no access token")
        }
        guard document?["token_type"]?.string?.lowercased() == "bearer" else {
            throw IdentityError(
                .misbehaving, at: configuration, "its token endpoint gave a token that is not a bearer's")
        }
        return TokenAnswer(identity: identity, access: access)
    }

    private func refusal(_ status: Int, _ document: JSON?) -> IdentityError {
        switch document?["error"]?.string {
        // glewlwyd says invalid_code where RFC 6749 5.2 has invalid_grant.
        case "invalid_grant", "invalid_code":
            IdentityError(
                .stale, at: configuration, "its token endpoint does not know the code: expired, used, or not ours")
        case "invalid_client", "unauthorized_client":
            IdentityError(
                .misconfigured, at: configuration, "its token endpoint does not accept our client id or secret")
        case "invalid_scope", "invalid_request", "unsupported_grant_type":
            IdentityError(.misconfigured, at: configuration, "its token endpoint does not accept our request")
        default:
            switch status {
            case 401:
                IdentityError(
                    .misconfigured, at: configuration, "its token endpoint does not accept our client id or secret")
            case 500...:
                IdentityError(.unreachable, at: configuration, "its token endpoint answered with status \(status)")
            default: IdentityError(.misbehaving, at: configuration, "its token endpoint answered with status \(status)")
            }
        }
    }
}
