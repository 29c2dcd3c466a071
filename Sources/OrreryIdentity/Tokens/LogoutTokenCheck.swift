package import Foundation
import OrreryModel

/// The rules for the claims of a logout token whose signature held (OpenID Connect Back-Channel Logout 2.6), each with the
/// attack that it stops in docs/identity.md.
struct LogoutTokenCheck {
    let issuer: IssuerConfiguration
    let now: Date

    static let event = "http://schemas.openid.net/event/backchannel-logout"
    /// How old a token without `exp` may be. Drafts of the standard, and so some issuers, have none.
    static let longestAge: TimeInterval = 120
    static let longestLife: TimeInterval = 86400

    /// Whose sessions end. Throws the first rule that is broken.
    func order(of verified: VerifiedClaims) throws(ClaimOffence) -> LogoutOrder {
        let claims = verified.claims
        try claims.checkIssuer(issuer)
        try claims.checkAudience(only: issuer.client)
        guard claims["nonce"] == nil else { throw ClaimOffence("nonce is there, so it is an ID token") }
        guard claims["events"]?[Self.event]?.object != nil else { throw ClaimOffence("events is not that of a logout") }
        guard let id = claims["jti"]?.string, id.isIdentifier else {
            throw ClaimOffence("jti is not a text of 1 to 255 ASCII characters")
        }
        let (subject, session) = (try name("sub", in: claims), try name("sid", in: claims))
        guard subject != nil || session != nil else { throw ClaimOffence("it names neither a person nor a session") }
        return LogoutOrder(id: id, subject: subject, session: session, end: try end(claims))
    }

    /// Until when the token may be used.
    private func end(_ claims: JSON) throws(ClaimOffence) -> Date {
        let times = TokenTimes(claims, at: now)
        guard let end = claims["exp"] else {
            try times.checkStart(age: Self.longestAge)
            return now + Self.longestAge + TokenTimes.skew
        }
        try times.checkEnd()
        try times.checkStart(age: Self.longestLife)
        try times.checkLife(Self.longestLife)
        return Date(timeIntervalSince1970: end.number ?? 0)
    }

    private func name(_ claim: String, in claims: JSON) throws(ClaimOffence) -> String? {
        guard let value = claims[claim] else { return nil }
        guard let name = value.string, name.isIdentifier else {
            throw ClaimOffence("\(claim) is not a text of 1 to 255 ASCII characters")
        }
        return name
    }
}

/// An issuer's word that somebody has logged out there. A person, one session of the person, or both are named; with a
/// session, only that one ends.
package struct LogoutOrder: Hashable, Sendable {
    package let id: String
    package let subject: String?
    package let session: String?
    /// From then on the token is refused for its age.
    package let end: Date

    package init(id: String, subject: String?, session: String?, end: Date) {
        self.id = id
        self.subject = subject
        self.session = session
        self.end = end
    }
}
