import Foundation
import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryIdentity

/// The rules for claims by their ids in the research: each row breaks exactly one.
@Suite struct IdentityTokenTests {
    static let now: Int64 = 1_780_000_000
    static let issuer = IssuerConfiguration(
        label: "wlcg", issuer: "https://idp.example.org/", also: ["https://idp.example.org"], client: "orrery",
        secret: nil,
        redirectURI: "https://hub.example.org/cb")
    static let good: [String: JSON] = [
        "iss": "https://idp.example.org/", "sub": "7f3c", "aud": "orrery", "exp": .integer(now + 600),
        "iat": .integer(now),
        "nonce": "n-1",
    ]

    func check(_ changes: [String: JSON]) throws(ClaimOffence) -> String {
        let claims = JSON.object(Self.good.merging(changes) { $1 }.filter { $0.value != .null })
        let check = IdentityTokenCheck(
            issuer: Self.issuer, nonce: "n-1", now: Date(timeIntervalSince1970: TimeInterval(Self.now)))
        return try check.subject(
            of: VerifiedClaims(claims: claims, algorithm: .rs256, type: nil), accessToken: "access-1")
    }

    /// The left half of SHA-256 of `access-1`.
    static let accessHash = Base64URL.encode(Array(Digest.sha256.of("access-1").prefix(16)))

    static let accepted: [[String: JSON]] = [
        [:], ["iss": "https://idp.example.org"], ["aud": ["orrery"]], ["azp": "orrery"],
        ["exp": .number(1_780_000_000.5)],
        ["iat": .integer(now + 60)], ["iat": .integer(now - 86400)], ["nbf": .integer(now + 60)],
        ["nbf": .integer(now)],
        ["at_hash": .string(accessHash)], ["sub": .string(String(repeating: "s", count: 255))], ["auth_time": 0],
        ["acr": "anything", "amr": ["session"]],
    ]

    @Test(arguments: accepted) func isAccepted(_ changes: [String: JSON]) throws {
        #expect(try check(changes) == changes["sub"]?.string ?? "7f3c")
    }

    static let refused: [(String, [String: JSON], String)] = [
        ("C1", ["iss": "https://idp.example.org//"], "iss"), ("C1", ["iss": "https://IDP.example.org/"], "iss"),
        ("C1", ["iss": .null], "iss"), ("C1", ["iss": ["https://idp.example.org/"]], "iss"),
        ("C2", ["aud": .null], "aud"), ("C2", ["aud": []], "aud"), ("C2", ["aud": [:]], "aud"),
        ("C2", ["aud": "other"], "aud"),
        ("C2", ["aud": "ORRERY"], "aud"), ("C2", ["aud": [1]], "aud"),
        ("C3", ["aud": "https://wlcg.cern.ch/jwt/v1/any"], "aud"),
        ("C3", ["aud": "ANY"], "aud"), ("C4", ["aud": ["orrery", "storage"]], "aud"), ("C4", ["azp": "other"], "azp"),
        ("C4", ["azp": ["orrery"]], "azp"), ("C6", ["sub": .null], "sub"), ("C6", ["sub": ""], "sub"),
        ("C6", ["sub": 7], "sub"),
        ("C6", ["sub": "ädä"], "sub"), ("C6", ["sub": "a\nb"], "sub"), ("C6", ["sub": "orrery"], "sub"),
        ("C6", ["sub": "host:ce.example.org"], "sub"),
        ("C6", ["sub": .string(String(repeating: "s", count: 256))], "sub"), ("C7", ["exp": .null], "exp"),
        ("C7", ["exp": .integer(now)], "exp"), ("C7", ["exp": .string("\(now + 600)")], "exp"),
        ("C7", ["exp": true], "exp"),
        ("C7", ["iat": .null], "iat"), ("C7", ["iat": .integer(now + 61)], "iat"),
        ("C7", ["iat": .integer(now - 86401)], "iat"),
        ("C7", ["iat": .string("\(now)")], "iat"), ("C7", ["nbf": .integer(now + 61)], "nbf"),
        ("C7", ["nbf": "0"], "nbf"),
        ("C8", ["nonce": .null], "nonce"), ("C8", ["nonce": "n-2"], "nonce"), ("C8", ["nonce": "n-1 "], "nonce"),
        ("C8", ["nonce": ""], "nonce"), ("C9", ["at_hash": "AAAA"], "at_hash"), ("C9", ["at_hash": ""], "at_hash"),
        ("C9", ["at_hash": 1], "at_hash"),
        ("C9", ["at_hash": .string(Base64URL.encode(Digest.sha256.of("access-1")))], "at_hash"),
    ]

    @Test(arguments: refused) func isRefused(_ rule: String, _ changes: [String: JSON], _ claim: String) {
        let error = #expect(throws: ClaimOffence.self) { try check(changes) }
        #expect(error?.message.hasPrefix(claim) == true, "\(rule): \(error?.message ?? "")")
    }
}
