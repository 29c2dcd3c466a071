import Foundation
package import OrreryModel

/// The rules for the claims of an access token whose signature held, for an API of ours: RFC 9068, the WLCG profile 1.x and
/// SciTokens 2.0. Each stands with the attack that it stops in docs/identity.md.
struct AccessTokenCheck {
    let issuer: IssuerConfiguration
    var trust: BearerTrust
    /// Longest time from `iat` to `exp`.
    var longestLife: TimeInterval = 86400
    let now: Date

    /// How issuers spell "for everybody": WLCG 1.x and SciTokens.
    static let everybody: Set<String> = ["https://wlcg.cern.ch/jwt/v1/any", "ANY"]

    /// Who came with it, and for what. Throws the first rule that is broken.
    func grant(of verified: VerifiedClaims) throws(ClaimOffence) -> AccessGrant {
        let claims = verified.claims
        try claims.checkIssuer(issuer)
        try checkAudience(claims)
        try checkKind(verified)
        try checkProfile(claims)
        let times = TokenTimes(claims, at: now)
        try times.checkEnd()
        try times.checkStart(age: longestLife)
        try times.checkBeginning()
        try times.checkLife(longestLife)
        let identity = Identity(issuer: issuer.issuer, subject: try subject(claims))
        return AccessGrant(identity: identity, issuer: issuer.label, scopes: try scopes(claims))
    }

    private func checkAudience(_ claims: JSON) throws(ClaimOffence) {
        let names = claims.audiences ?? []
        guard
            names.contains(where: {
                $0.utf8.elementsEqual(trust.audience.utf8) || trust.allowsEverybodys && Self.everybody.contains($0)
            })
        else { throw ClaimOffence("aud is not us") }
    }

    /// RFC 8725 3.12: ID tokens, logout tokens and refresh tokens of one issuer are signed with the same keys.
    private func checkKind(_ verified: VerifiedClaims) throws(ClaimOffence) {
        for name in ["nonce", "at_hash", "c_hash", "events"] where verified.claims[name] != nil {
            throw ClaimOffence("it is no access token: it has \(name)")
        }
        for name in ["token_use", "type", "typ"] {
            let kind = verified.claims[name]?.string?.lowercased()
            guard kind.map({ !["id", "refresh", "offline", "logout"].contains($0) }) ?? true else {
                throw ClaimOffence("it is no access token: \(name) says so")
            }
        }
        let saysSo = ["scope", "wlcg.ver", "ver"].contains { verified.claims[$0] != nil }
        guard saysSo || verified.type?.hasSuffix("at+jwt") == true else {
            throw ClaimOffence("it does not say that it is an access token")
        }
    }

    /// WLCG: another major version MUST be refused, another minor one accepted. SciTokens: 2.0 or nothing.
    private func checkProfile(_ claims: JSON) throws(ClaimOffence) {
        if let version = claims["wlcg.ver"] {
            let parts = version.string?.split(separator: ".", omittingEmptySubsequences: false) ?? []
            guard parts.count == 2, parts[0] == "1", !parts[1].isEmpty, parts[1].utf8.allSatisfy(isDigit) else {
                throw ClaimOffence("wlcg.ver is not a version 1")
            }
        }
        if let version = claims["ver"] {
            guard version == "scitoken:2.0" else { throw ClaimOffence("ver is not scitoken:2.0") }
            guard claims["scope"] != nil else { throw ClaimOffence("scope is missing, which SciTokens 2.0 must have") }
        }
    }

    private func subject(_ claims: JSON) throws(ClaimOffence) -> String {
        let subject = try claims.subject(notClient: issuer.client)
        guard claims["client_id"]?.string != subject else { throw ClaimOffence("sub is a client, not a person") }
        return subject
    }

    private func scopes(_ claims: JSON) throws(ClaimOffence) -> Set<String> {
        guard let value = claims["scope"] else { return [] }
        guard let text = value.string else { throw ClaimOffence("scope is not a text") }
        return Set(text.split(separator: " ").map(String.init))
    }
}

/// What an access token of an issuer says that we may believe.
package struct AccessGrant: Hashable, Sendable {
    package let identity: Identity
    /// The label of the issuer.
    package let issuer: String
    package let scopes: Set<String>

    package init(identity: Identity, issuer: String, scopes: Set<String>) {
        self.identity = identity
        self.issuer = issuer
        self.scopes = scopes
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
