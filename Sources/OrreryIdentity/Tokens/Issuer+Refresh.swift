import OrreryCrypto
import OrreryFetch
import OrreryModel
import Synchronization

extension Issuer {
    /// New tokens for the refresh token `token` of `login` (RFC 6749 6), with fewer scopes where `scopes` names some. An issuer
    /// may end `token` with its answer, so whoever calls keeps the new one before anything else, and never calls twice at
    /// once with one token.
    ///
    /// Throws `.revoked` when the issuer does not know the token any more, and `.unbelievable` when the ID token that came
    /// along is not that of the same login (OpenID Connect Core 12.2): then the tokens that came are nobody's. Whether it is
    /// may not be known now; then the renewal says so, and only its refresh token is of use.
    func refresh(
        _ token: Secret, scopes: [String]?, of login: IssuerLogin
    ) async throws(IdentityError) -> Renewal {
        let endpoint = try await metadata().token
        // Before the issuer ends `token`: while its keys cannot be had, the ID token that comes could not be judged.
        try await fetchKeys()
        var form = [("grant_type", "refresh_token"), ("refresh_token", token.reveal())]
        // EGI Check-in gives an ID token only where `openid` is asked for again.
        let asked = scopes ?? login.scopes
        if !asked.isEmpty { form.append(("scope", asked.joined(separator: " "))) }
        let answer = try await post(form, to: endpoint, "token endpoint")
        let tokens = try tokens(in: answer, askedFor: asked, refused: .revoked)
        guard let identity = tokens.identity else { return Renewal(tokens: tokens, claims: nil) }
        let verified: VerifiedClaims
        switch try await verification(of: signedToken(identity.reveal())) {
        case .success(let claims): verified = claims
        case .failure(let doubt): return Renewal(tokens: tokens, doubt: doubt)
        }
        do throws(ClaimOffence) {
            try RefreshedTokenCheck(issuer: configuration, login: login, now: now())
                .check(verified, accessToken: tokens.access.reveal())
        } catch { throw IdentityError(.unbelievable, at: configuration, "its refreshed ID token: \(error.message)") }
        return Renewal(tokens: tokens, claims: verified.claims)
    }

    /// The claims of a token that the issuer itself has just given, or why they cannot be verified now. Throws `.unbelievable`
    /// when another key of the issuer's name made it, whatever newer keys there are.
    private func verification(
        of token: SignedToken
    ) async throws(IdentityError) -> Result<VerifiedClaims, IdentityError> {
        let result: Result<VerifiedClaims, CryptoError>
        do throws(IdentityError) { result = try await check(token) } catch { return .failure(error) }
        do throws(CryptoError) { return .success(try result.get()) } catch  where error.kind == .unknownKey {
            return .failure(IdentityError(.misbehaving, at: configuration, "its refreshed ID token: \(error.message)"))
        } catch { throw unbelievable(error) }
    }

    /// Asks the issuer to forget a refresh token (RFC 7009). An issuer without such an endpoint is not asked.
    func revoke(_ token: Secret) async throws(IdentityError) {
        guard let endpoint = try await metadata().revocation else { return }
        let form = [("token", token.reveal()), ("token_type_hint", "refresh_token")]
        let answer = try await post(form, to: endpoint, within: .seconds(5), "revocation endpoint")
        guard answer.status == 200 else {
            throw IdentityError(
                answer.status >= 500 ? .unreachable : .misbehaving, at: configuration,
                "its revocation endpoint answered with status \(answer.status)")
        }
    }

    /// What the issuer says about the person of `login` now: by the ID token of `renewal`, or at the userinfo endpoint for
    /// `access`. Nil when neither says groups, so that nothing is known rather than that there are none.
    ///
    /// How the person once logged in (`acr`, `auth_time`) is not asked again: it belongs to that login.
    func reread(
        _ login: IssuerLogin, access: Secret, after renewal: Renewal?, rules: GroupRules
    ) async throws(IdentityError) -> Claimant? {
        let said = renewal?.claims
        let isInToken = configuration.groupsFrom == .idToken
        var more: JSON?
        if said == nil || asksUserinfo(after: said ?? .null, rules) {
            let endpoint = try await metadata().userinfo
            if endpoint == nil && isInToken { return nil }
            more = try await userinfo(access.reveal(), subject: login.subject, at: endpoint)
        }
        let claims = isInToken ? said ?? more : said ?? [:]
        if isInToken, said == nil, configuration.groupsClaim.flatMap({ claims?[$0] }) == nil,
            !saysGroupsAtUserinfo.withLock({ $0 == true })
        {
            return nil
        }
        let reader = ClaimReader(issuer: configuration, token: claims ?? [:], userinfo: more, now: now())
        let requirement = configuration.requirement.aboutThePerson
        if let shortfall = requirement.shortfall(of: reader.evidence, at: now()) {
            throw IdentityError(shortfall, at: configuration)
        }
        do throws(ClaimOffence) {
            return try reader.claimant(subject: login.subject, rules: rules)
        } catch { throw IdentityError(.unbelievable, at: configuration, "its claims: \(error.message)") }
    }

    /// Where a browser logs out at the issuer (OpenID Connect RP-Initiated Logout 2); nil when the issuer has no such page, or
    /// does not answer. `hint` is the ID token of the login.
    func departure(hint: Secret?, returningTo target: String) async -> String? {
        guard let metadata = try? await metadataBeforeDeparture(), let endpoint = metadata.logout else { return nil }
        var fields = [("client_id", configuration.client), ("post_logout_redirect_uri", target)]
        // A longer one would not fit into the head of a request at many servers; without it the issuer asks the person.
        if let hint, hint.reveal().utf8.count <= 6000 { fields.append(("id_token_hint", hint.reveal())) }
        return endpoint + (endpoint.contains("?") ? "&" : "?") + WebAddress.encode(fields)
    }
}
