import OrreryCrypto

// Tokens of an issuer that come without a login of ours.
extension Issuer {
    /// Who came with an access token for our API. Throws `.unbelievable` unless one of the issuer's keys signed it, every
    /// rule for access tokens holds, and the issuer may vouch for calls at all.
    func grant(of token: SignedToken) async throws(IdentityError) -> AccessGrant {
        guard let trust = configuration.api else {
            throw IdentityError(.unbelievable, at: configuration, "its access tokens are not for this API")
        }
        let verified = try await verify(token)
        do throws(ClaimOffence) {
            return try AccessTokenCheck(issuer: configuration, trust: trust, now: now()).grant(of: verified)
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
