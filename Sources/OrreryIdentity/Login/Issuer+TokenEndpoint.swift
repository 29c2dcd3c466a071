import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel

// The token endpoint, and the endpoints beside it that want to know which client asks (RFC 6749 2.3.1, 3.2).
extension Issuer {
    /// Sends `form` with our client id and secret. No redirects, at most 256 KiB.
    func post(
        _ form: [(String, String)], to endpoint: String, within limit: Duration = .seconds(10), _ what: String
    ) async throws(IdentityError) -> FetchResponse {
        var form = form
        var headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        switch (configuration.secret, configuration.secretMethod) {
        case (let secret?, .basic): headers.append(("Authorization", Self.basic(configuration.client, secret)))
        case (let secret?, .post):
            form += [("client_id", configuration.client), ("client_secret", secret.reveal())]
        case (nil, _): form.append(("client_id", configuration.client))
        }
        let request = FetchRequest(
            "POST", url: endpoint, headers: headers.map { (name: $0.0, value: $0.1) },
            body: Array(WebAddress.encode(form).utf8), limit: limit, bodyLimit: 256 << 10)
        return try await source.fetch(request, what)
    }

    /// RFC 6749 2.3.1: both are form-encoded before they are joined.
    private static func basic(_ client: String, _ secret: Secret) -> String {
        let pair = "\(WebAddress.escape(client)):\(WebAddress.escape(secret.reveal()))"
        return "Basic " + Data(pair.utf8).base64EncodedString()
    }

    /// The tokens of `answer`; `scopes` are those that were asked for. `refused` is what a grant that the endpoint does not
    /// know means.
    func tokens(
        in answer: FetchResponse, askedFor scopes: [String], refused: IdentityError.Kind
    ) throws(IdentityError) -> IssuerTokens {
        let document = try? JSON(strict: answer.body)
        guard answer.status == 200, let document, document["error"] == nil else {
            // glewlwyd says nothing more than 400 about a refresh token that it does not know.
            let isUnknown = refused == .revoked && answer.status == 400 && answer.body.isEmpty
            throw refusal(answer.status, isUnknown ? ["error": "invalid_grant"] : document, refused)
        }
        guard let access = document["access_token"]?.string, Self.isSendable(access) else {
            throw IdentityError(.misbehaving, at: configuration, "its token endpoint gave no access token")
        }
        guard document["token_type"]?.string?.lowercased() == "bearer" else {
            throw IdentityError(
                .misbehaving, at: configuration, "its token endpoint gave a token that is not a bearer's")
        }
        let granted = document["scope"]?.string?.split(separator: " ").map(String.init)
        return IssuerTokens(
            access: Secret(access), accessEnd: end(of: Secret(access), document["expires_in"]),
            scopes: granted ?? scopes,
            refresh: document["refresh_token"]?.string.flatMap { $0.isEmpty ? nil : Secret($0) },
            identity: document["id_token"]?.string.map { Secret($0) })
    }

    /// The earlier of the ends that the answer and the token itself say. They differ, if only by a second: `exp` is in whole ones
    /// of the issuer's clock. By the later one a token would pass for good that nobody takes any more.
    private func end(of token: Secret, _ seconds: JSON?) -> Date? {
        let now = now()
        // Some issuers write the seconds as a text.
        let said = seconds?.number ?? seconds?.string.flatMap(Double.init)
        let own = Self.claims(of: token)?["exp"]?.number.map { $0 - now.timeIntervalSince1970 }
        let lives = [said, own].compactMap(\.self).filter { 0 < $0 && $0 < 1e10 }
        return lives.min().map { now + $0 }
    }

    /// Whether `token` can stand in a header.
    private static func isSendable(_ token: String) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private func refusal(_ status: Int, _ document: JSON?, _ refused: IdentityError.Kind) -> IdentityError {
        switch document?["error"]?.string {
        // glewlwyd says invalid_code and invalid_token where RFC 6749 5.2 has invalid_grant.
        case "invalid_grant", "invalid_code", "invalid_token":
            TokenRefusal.grant.error(at: configuration, grant: refused)
        case "invalid_client", "unauthorized_client": TokenRefusal.client.error(at: configuration, grant: refused)
        case "invalid_scope", "invalid_request", "unsupported_grant_type":
            TokenRefusal.request.error(at: configuration, grant: refused)
        default: failure(status, "token endpoint")
        }
    }

    private func failure(_ status: Int, _ what: String) -> IdentityError {
        switch status {
        case 401:
            IdentityError(.misconfigured, at: configuration, "its \(what) does not accept our client id or secret")
        case 429, 500...: IdentityError(.unreachable, at: configuration, "its \(what) answered with status \(status)")
        default: IdentityError(.misbehaving, at: configuration, "its \(what) answered with status \(status)")
        }
    }
}
