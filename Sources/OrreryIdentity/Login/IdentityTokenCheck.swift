import Foundation
import OrreryCrypto
import OrreryModel

/// The rules for the claims of an ID token whose signature held (OpenID Connect Core 3.1.3.7), each with the attack that
/// it stops in docs/identity.md.
struct IdentityTokenCheck {
    let issuer: IssuerConfiguration
    let nonce: String
    let now: Date

    /// How far the issuer's clock may be ahead of ours. Nothing is granted on `exp`.
    static let skew: TimeInterval = 60
    /// How old a token of a login that has just happened may be.
    static let longestAge: TimeInterval = 86400

    /// Who it is. Throws the first rule that is broken.
    func subject(of verified: VerifiedClaims, accessToken: String) throws(ClaimOffence) -> String {
        let claims = verified.claims
        guard let name = claims["iss"]?.string, issuer.isSpelling(name) else {
            throw ClaimOffence("iss is not the issuer")
        }
        try checkAudience(claims)
        try checkTimes(claims)
        guard let answered = claims["nonce"]?.string, answered.equalsInConstantTime(nonce) else {
            throw ClaimOffence("nonce is not that of the login")
        }
        try checkAccessToken(accessToken, verified)
        return try subject(claims)
    }

    private func checkAudience(_ claims: JSON) throws(ClaimOffence) {
        guard claims["aud"]?.names(issuer.client) == true else { throw ClaimOffence("aud is not us alone") }
        if let party = claims["azp"] {
            guard party.string == issuer.client else { throw ClaimOffence("azp is not us") }
        }
    }

    private func checkTimes(_ claims: JSON) throws(ClaimOffence) {
        let seconds = now.timeIntervalSince1970
        guard let end = claims["exp"]?.number, seconds < end else { throw ClaimOffence("exp is missing or past") }
        guard let start = claims["iat"]?.number, start <= seconds + Self.skew, start >= seconds - Self.longestAge else {
            throw ClaimOffence("iat is missing, in the future, or more than a day ago")
        }
        if let earliest = claims["nbf"] {
            guard let earliest = earliest.number, earliest <= seconds + Self.skew else {
                throw ClaimOffence("nbf is not a time or in the future")
            }
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

    private func subject(_ claims: JSON) throws(ClaimOffence) -> String {
        guard let subject = claims["sub"]?.string, (1...255).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x20..<0x7f).contains($0) })
        else { throw ClaimOffence("sub is not a text of 1 to 255 ASCII characters") }
        // RFC 9068 5: a client that speaks for itself has its id as subject.
        guard subject != issuer.client else { throw ClaimOffence("sub is our own client id") }
        return subject
    }
}

extension JSON {
    /// Whether this value of `aud` is `name` alone: a text, or a list of one. A token that names others too is theirs to
    /// replay here.
    func names(_ name: String) -> Bool {
        switch self {
        case .string(let text): text == name
        case .array(let values): values == [.string(name)]
        default: false
        }
    }
}
