import Foundation
import OrreryCrypto
import OrreryModel

/// The rules for the claims of an ID token whose signature held (OpenID Connect Core 3.1.3.7), each with the attack that
/// it stops in docs/identity.md.
struct IdentityTokenCheck {
    let issuer: IssuerConfiguration
    let nonce: String
    let now: Date

    /// How old a token of a login that has just happened may be.
    static let longestAge: TimeInterval = 86400

    /// Who it is. Throws the first rule that is broken.
    func subject(of verified: VerifiedClaims, accessToken: String) throws(ClaimOffence) -> String {
        let subject = try subjectWithoutNonce(of: verified, accessToken: accessToken)
        guard let answered = verified.claims["nonce"]?.string, answered.equalsInConstantTime(nonce) else {
            throw ClaimOffence("nonce is not that of the login")
        }
        return subject
    }

    /// As `subject`, but for the nonce.
    func subjectWithoutNonce(of verified: VerifiedClaims, accessToken: String) throws(ClaimOffence) -> String {
        let claims = verified.claims
        try claims.checkIssuer(issuer)
        try checkAudience(claims)
        let times = TokenTimes(claims, at: now)
        try times.checkEnd()
        try times.checkStart(age: Self.longestAge)
        try times.checkBeginning()
        try checkAccessToken(accessToken, verified)
        return try claims.subject(notClient: issuer.client)
    }

    private func checkAudience(_ claims: JSON) throws(ClaimOffence) {
        try claims.checkAudience(only: issuer.client)
        if let party = claims["azp"] {
            guard party.string?.isExactly(issuer.client) == true else { throw ClaimOffence("azp is not us") }
        }
    }

    /// Core 3.1.3.6: the left half of the access token's hash, by the algorithm of the signature.
    private func checkAccessToken(_ token: String, _ verified: VerifiedClaims) throws(ClaimOffence) {
        guard let claimed = verified.claims["at_hash"] else { return }
        let hash = verified.algorithm.digest.of(token)
        guard let claimed = claimed.string,
            claimed.equalsInConstantTime(Base64URL.encode(Array(hash.prefix(hash.count / 2))))
        else { throw ClaimOffence("at_hash is not that of the access token") }
    }
}
