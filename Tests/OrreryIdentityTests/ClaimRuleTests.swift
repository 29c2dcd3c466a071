import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryIdentity

typealias Row = IndependentTokens.Row

/// The rules for claims, each a test that bears its id, on tokens that an independent library signed.
@Suite(.enabled(if: IndependentTokens.arePossible, "joserfc is not in .build/test-tools, where Tests/run puts it"))
struct ClaimRuleTests {
    @Test("C1: iss is a configured text, byte for byte", arguments: IndependentTokens.rows("C1"))
    func issuers(_ row: Row) { judge(row) }

    @Test("C2: aud is a text or a list of texts, and names us", arguments: IndependentTokens.rows("C2"))
    func audiences(_ row: Row) { judge(row) }

    @Test("C3: a token for everybody is not for us", arguments: IndependentTokens.rows("C3"))
    func everybodys(_ row: Row) { judge(row) }

    @Test("C4: an ID token is for us alone", arguments: IndependentTokens.rows("C4"))
    func parties(_ row: Row) { judge(row) }

    @Test("C5: an access token says that it is one, of a version we know", arguments: IndependentTokens.rows("C5"))
    func kinds(_ row: Row) { judge(row) }

    @Test("C6: sub is a person's", arguments: IndependentTokens.rows("C6"))
    func subjects(_ row: Row) { judge(row) }

    @Test("C7: exp, iat and nbf are numbers, and it is their time", arguments: IndependentTokens.rows("C7"))
    func times(_ row: Row) { judge(row) }

    @Test("C8: nonce is that of the login", arguments: IndependentTokens.rows("C8"))
    func nonces(_ row: Row) { judge(row) }

    @Test("C9: at_hash is that of the access token", arguments: IndependentTokens.rows("C9"))
    func hashes(_ row: Row) { judge(row) }

    @Test("C15: a logout token orders a logout", arguments: IndependentTokens.rows("C15"))
    func logouts(_ row: Row) { judge(row) }

    @Test("C3: a token for everybody is for us where the configuration says so")
    func everybodysWhereAllowed() throws {
        let row = try #require(IndependentTokens.rows("C3").first { $0.kind == .access })
        var check = access
        check.trust.allowsEverybodys = true
        #expect(try check.grant(of: verified(row)).identity.subject == "7f3c")
    }

    @Test(arguments: ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C15"])
    func everyRuleHasTokensThatBreakIt(_ rule: String) {
        #expect(IndependentTokens.rows(rule).contains { $0.verdict != "claims" })
    }

    private static let issuer = IdentityTokenTests.issuer
    private var access: AccessTokenCheck {
        AccessTokenCheck(
            issuer: Self.issuer, trust: BearerTrust(audience: "https://hub.example.org"), now: IndependentTokens.now)
    }

    private func judge(_ row: Row) {
        let reason = offence(row)
        #expect(row.verdict == "claims" ? reason == "" : reason.hasPrefix(row.verdict), "\(reason)")
    }

    /// The broken rule; empty when none is.
    private func offence(_ row: Row) -> String {
        do {
            let verified = try verified(row)
            switch row.kind {
            case .identity:
                let check = IdentityTokenCheck(issuer: Self.issuer, nonce: "n-1", now: IndependentTokens.now)
                _ = try check.subject(of: verified, accessToken: "access-1")
            case .access: _ = try access.grant(of: verified)
            case .logout: _ = try LogoutTokenCheck(issuer: Self.issuer, now: IndependentTokens.now).order(of: verified)
            }
            return ""
        } catch { return (error as? ClaimOffence)?.message ?? "\(error)" }
    }

    private func verified(_ row: Row) throws -> VerifiedClaims {
        let token = try SignedToken(row.text, as: row.kind)
        let key = try KeySet(IndependentTokens.keySet(row.keys)).key(for: token)
        return VerifiedClaims(
            claims: try token.claims(verifiedBy: key), algorithm: token.algorithm, type: token.type)
    }
}
