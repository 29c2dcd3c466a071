import OrreryCrypto
import OrreryFetch
import OrreryModel

// One login, in the order in which it happens.
extension Issuer {
    /// Authorization code with PKCE, state and nonce (OpenID Connect Core 3.1.2.1, RFC 7636, RFC 9700 2.1.1).
    ///
    /// Throws when the issuer does not answer: a person sent there would find an error page of the browser.
    func begin() async throws(IdentityError) -> LoginStart {
        let endpoint = try await metadataBeforeDeparture().authorization
        let (state, nonce, verifier) = (RandomToken.make(), RandomToken.make(), ProofKey.makeVerifier())
        let query = WebAddress.encode([
            ("response_type", "code"), ("client_id", configuration.client), ("redirect_uri", configuration.redirectURI),
            ("scope", configuration.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
            ("code_challenge", ProofKey.challenge(of: verifier)), ("code_challenge_method", "S256"),
        ])
        return LoginStart(
            url: endpoint + (endpoint.contains("?") ? "&" : "?") + query, state: state, nonce: nonce, verifier: verifier
        )
    }

    func finish(
        _ transaction: LoginTransaction, query: [String: String], rules: GroupRules
    ) async throws(IdentityError) -> Claimant {
        let metadata = try await metadata()
        let code = try Callback(configuration, metadata).code(in: query, of: transaction)
        let tokens = try await exchange(code, transaction, at: metadata.token)
        let verified = try await verify(signedToken(tokens.identity))
        let subject: String
        do throws(ClaimOffence) {
            let check = IdentityTokenCheck(issuer: configuration, nonce: transaction.nonce, now: now())
            subject = try check.subject(of: verified, accessToken: tokens.access)
        } catch { throw IdentityError(.unbelievable, at: configuration, "its ID token: \(error.message)") }
        let more = try await userinfo(tokens.access, subject: subject, at: metadata.userinfo)
        do throws(ClaimOffence) {
            return try ClaimReader(issuer: configuration, token: verified.claims, userinfo: more)
                .claimant(subject: subject, rules: rules)
        } catch { throw IdentityError(.unbelievable, at: configuration, "its claims: \(error.message)") }
    }

    func signedToken(_ text: String) throws(IdentityError) -> SignedToken {
        do throws(CryptoError) { return try SignedToken(text, as: .identity) } catch { throw unbelievable(error) }
    }
}
