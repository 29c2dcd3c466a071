import OrreryCrypto
import OrreryFetch
import OrreryModel

extension GitHub {
    /// Exchanges the code for an access token, which is used for this login only and never kept.
    func exchange(_ code: String, _ transaction: LoginTransaction) async throws(IdentityError) -> String {
        let form = [
            ("grant_type", "authorization_code"), ("client_id", configuration.client),
            ("client_secret", configuration.secret?.reveal() ?? ""), ("code", code),
            ("redirect_uri", configuration.redirectURI), ("code_verifier", transaction.verifier),
        ]
        let request = FetchRequest(
            "POST", url: endpoints.token,
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
            body: Array(WebAddress.encode(form).utf8), limit: .seconds(10), bodyLimit: 256 << 10)
        let answer = try await source.fetch(request, "token endpoint")
        let document = try? JSON(strict: answer.body)
        // It says no with status 200.
        if let error = document?["error"]?.string { throw refusal(error) }
        guard answer.status == 200 else { throw failure(answer.status, "token endpoint") }
        guard let token = document?["access_token"]?.string, !token.isEmpty,
            document?["token_type"]?.string?.lowercased() == "bearer",
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw IdentityError(.misbehaving, at: configuration, "its token endpoint gave no access token of a bearer")
        }
        return token
    }

    private func refusal(_ error: String) -> IdentityError {
        switch error {
        case "bad_verification_code", "invalid_grant":
            TokenRefusal.grant.error(at: configuration, grant: .stale)
        case "incorrect_client_credentials", "invalid_client":
            TokenRefusal.client.error(at: configuration, grant: .stale)
        case "redirect_uri_mismatch", "unsupported_grant_type":
            TokenRefusal.request.error(at: configuration, grant: .stale)
        case "unverified_user_email":
            IdentityError(.declined, at: configuration, "the account's e-mail address is not verified")
        default: IdentityError(.misbehaving, at: configuration, "its token endpoint refused with an unknown error")
        }
    }

    func failure(_ status: Int, _ what: String) -> IdentityError {
        switch status {
        // 403 is also its answer to too many requests.
        case 403, 429, 500...:
            IdentityError(.unreachable, at: configuration, "its \(what) answered with status \(status)")
        default: IdentityError(.misbehaving, at: configuration, "its \(what) answered with status \(status)")
        }
    }
}
