import OrreryCrypto
import OrreryFetch
import OrreryModel

// One login, in the order in which it happens.
extension Issuer: Voucher {
    /// Authorization code with PKCE, state and nonce (OpenID Connect Core 3.1.2.1, RFC 7636, RFC 9700 2.1.1).
    ///
    /// Throws when the issuer does not answer: a person sent there would find an error page of the browser.
    func begin(_ demand: LoginDemand) async throws(IdentityError) -> LoginStart {
        let endpoint = try await metadataBeforeDeparture().authorization
        let (state, nonce, verifier) = (RandomToken.make(), RandomToken.make(), ProofKey.makeVerifier())
        let query = WebAddress.encode(
            [
                ("response_type", "code"), ("client_id", configuration.client),
                ("redirect_uri", configuration.redirectURI), ("scope", configuration.scopes.joined(separator: " ")),
                ("state", state), ("nonce", nonce), ("code_challenge", ProofKey.challenge(of: verifier)),
                ("code_challenge_method", "S256"),
            ] + demand.parameters(beside: configuration.requirement))
        return LoginStart(
            url: endpoint + (endpoint.contains("?") ? "&" : "?") + query, state: state, nonce: nonce, verifier: verifier
        )
    }

    func finish(
        _ transaction: LoginTransaction, query: [String: String], rules: GroupRules
    ) async throws(IdentityError) -> Claimant {
        let metadata = try await metadata()
        let code = try Callback(configuration, namesItself: metadata.namesItself).code(in: query, of: transaction)
        let tokens = try await exchange(code, transaction, at: metadata.token)
        let verified = try await verify(signedToken(tokens.identity?.reveal() ?? ""))
        let subject: String
        do throws(ClaimOffence) {
            let check = IdentityTokenCheck(issuer: configuration, nonce: transaction.nonce, now: now())
            subject = try check.subject(of: verified, accessToken: tokens.access.reveal())
        } catch { throw IdentityError(.unbelievable, at: configuration, "its ID token: \(error.message)") }
        // Not with `? :`, whose `nil` would be JSON's null.
        var more: JSON?
        if asksUserinfo(after: verified.claims, rules) {
            more = try await userinfo(tokens.access.reveal(), subject: subject, at: metadata.userinfo)
        }
        let reader = ClaimReader(issuer: configuration, token: verified.claims, userinfo: more, now: now())
        if let shortfall = configuration.requirement.shortfall(of: reader.evidence, at: now()) {
            throw IdentityError(shortfall, at: configuration)
        }
        do throws(ClaimOffence) {
            let login = IssuerLogin(subject: subject, nonce: nil, scopes: tokens.scopes)
            await learnUserinfo(
                login, verified.claims, access: tokens.access, known: more, at: metadata.userinfo)
            var claimant = try reader.claimant(subject: subject, rules: rules)
            claimant.tokens = tokens
            claimant.session = verified.claims["sid"]?.string.flatMap { $0.isIdentifier ? $0 : nil }
            return claimant
        } catch { throw IdentityError(.unbelievable, at: configuration, "its claims: \(error.message)") }
    }

    /// Whether the groups stand there, or something about the person that a rule asks for and the token does not say.
    func asksUserinfo(after token: JSON, _ rules: GroupRules) -> Bool {
        let asked = [configuration.requirement] + rules.rules.filter { $0.concerns(label) }.map(\.requirement)
        return configuration.groupsFrom == .userinfo
            || asked.contains { $0.isAboutThePerson && !Evidence.isComplete(token, for: $0) }
    }

    func signedToken(_ text: String) throws(IdentityError) -> SignedToken {
        do throws(CryptoError) { return try SignedToken(text, as: .identity) } catch { throw unbelievable(error) }
    }
}
