import OrreryCrypto

// Tokens of an issuer that come without a login of ours.
extension Issuer {
    /// Who came with an access token for our API at `audience`. Throws `.unbelievable` unless one of the issuer's keys signed
    /// it and every rule for access tokens holds.
    func grant(of token: SignedToken, audience: String) async throws(IdentityError) -> AccessGrant {
        let verified = try await verify(token)
        do throws(ClaimOffence) {
            return try AccessTokenCheck(issuer: configuration, audience: audience, now: now()).grant(of: verified)
        } catch { throw IdentityError(.unbelievable, at: configuration, "its access token: \(error.message)") }
    }

    /// Whose sessions end by a logout token. Throws as for an access token. That it comes for the first time is for the caller
    /// to check.
    func order(in token: SignedToken) async throws(IdentityError) -> LogoutOrder {
        let verified = try await verify(token)
        do throws(ClaimOffence) {
            return try LogoutTokenCheck(issuer: configuration, now: now()).order(of: verified)
        } catch { throw IdentityError(.unbelievable, at: configuration, "its logout token: \(error.message)") }
    }
}
