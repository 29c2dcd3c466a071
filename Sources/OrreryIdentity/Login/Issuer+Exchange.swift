import OrreryFetch
import OrreryModel

extension Issuer {
    /// Exchanges the code (OpenID Connect Core 3.1.3). An answer without an ID token is none.
    func exchange(
        _ code: String, _ transaction: LoginTransaction, at endpoint: String
    ) async throws(IdentityError) -> IssuerTokens {
        let form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", configuration.redirectURI),
            ("code_verifier", transaction.verifier),
        ]
        let answer = try await post(form, to: endpoint, "token endpoint")
        let tokens = try tokens(in: answer, askedFor: configuration.scopes, refused: .stale)
        guard tokens.identity != nil else {
            throw IdentityError(.misbehaving, at: configuration, "its token endpoint gave no ID token")
        }
        return tokens
    }
}
