import OrreryModel
import Testing

@testable import OrreryCrypto

@Suite struct KeyTests {
    static let rsa = OpenSSLSigner.rsa.members
    /// RFC 7517 A.1.
    static let point = [
        "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    ]

    static let good: [([String: String], Set<SignatureAlgorithm>)] = [
        (rsa, [.rs256, .rs384, .rs512]), (rsa.with("alg", "RS384"), [.rs384]),
        (rsa.with("use", "sig"), [.rs256, .rs384, .rs512]),
        (point, [.es256]), (point.with("alg", "ES256"), [.es256]),
        // One zero octet more, as GnuTLS writes it.
        (point.with("x", "ADCgQkzSHClEg4otdckrN-duog2fAIk6O07uijwKr-w-"), [.es256]),
        (rsa.with("e", "Aw"), [.rs256, .rs384, .rs512]),
    ]

    @Test(arguments: good) func isUsable(_ members: [String: String], _ algorithms: Set<SignatureAlgorithm>) throws {
        #expect(try VerificationKey(jwk: JSON(strict: members.jsonText)).algorithms == algorithms)
    }

    static let bad: [[String: String]] = [
        rsa.with("use", "enc"), rsa.with("alg", "RSA-OAEP"), rsa.with("alg", "HS256"), rsa.with("alg", "ES256"),
        rsa.with("alg", "PS256"), rsa.with("e", "AQ"), rsa.with("e", "AA"), rsa.with("e", "Ag"),
        rsa.with("e", "AQAAAAAB"),
        rsa.with("e", ""), rsa.with("n", ""), rsa.with("n", "AQAB"), rsa.with("n", "not base64!"),
        rsa.with("kty", "EC"),
        rsa.with("kty", "oct"), rsa.with("kty", "rsa"), OpenSSLSigner(bits: 1024).members,
        // 2048 bits, but even, so divisible by a small prime.
        rsa.with("n", Base64URL.encode([0x80] + Array(repeating: 0, count: 255))),
        point.with("crv", "P-384"), point.with("crv", "secp256k1"), point.with("alg", "ES384"),
        point.with("alg", "RS256"),
        point.with("y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyN"),
        point.with("y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyQ"),
        point.with("y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4I"), point.with("x", ""),
        ["kty": "OKP", "crv": "Ed25519", "x": "AAAA"],
        [:],
    ]

    @Test(arguments: bad) func isNotUsable(_ members: [String: String]) throws {
        let jwk = try JSON(strict: members.jsonText)
        let error = #expect(throws: CryptoError.self) { try VerificationKey(jwk: jwk) }
        #expect(error?.kind == .key)
    }

    func set(_ keys: [String: String]...) throws -> KeySet {
        try KeySet(Array(#"{"keys":[\#(keys.map(\.jsonText).joined(separator: ","))]}"#.utf8))
    }

    func token(_ header: String = #"{"alg":"RS256","kid":"a"}"#) throws -> SignedToken {
        try SignedToken(OpenSSLSigner.rsa.token(header, "{}"), as: .identity)
    }

    @Test func aKeyIsFoundByItsNameAlone() throws {
        let set = try set(Self.rsa.with("kid", "a"), Self.point.with("kid", "b"))
        #expect(try set.key(for: token()).id == "a")
        let error = #expect(throws: CryptoError.self) { try set.key(for: token(#"{"alg":"RS256","kid":"c"}"#)) }
        #expect(error?.kind == .unknownKey)
    }

    @Test func aTokenWithoutANameNeedsExactlyOneKeyThatFits() throws {
        let nameless = try token(#"{"alg":"RS256"}"#)
        #expect(try set(Self.rsa, Self.point).key(for: nameless).algorithms.contains(.rs256))
        let two = try set(Self.rsa.with("kid", "a"), Self.rsa.with("kid", "b"))
        #expect(throws: CryptoError.self) { try two.key(for: nameless) }
        let none = try set(Self.point)
        #expect(throws: CryptoError.self) { try none.key(for: nameless) }
    }

    @Test func twoKeysOfOneNameAreNotUsed() throws {
        let set = try set(Self.rsa.with("kid", "a"), Self.point.with("kid", "a"), Self.point.with("kid", "b"))
        #expect(set.ambiguousNames == ["a"])
        let error = #expect(throws: CryptoError.self) { try set.key(for: token()) }
        #expect(error?.kind == .key)
    }

    @Test func keysOfOtherKindsArePassedOver() throws {
        let set = try set(
            Self.rsa.with("kid", "a"), Self.rsa.with("kid", "enc").with("use", "enc").with("alg", "RSA-OAEP"),
            ["kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"], ["kty": "oct", "k": "AAAA"],
            ["kty": "OKP", "crv": "Ed25519"])
        #expect(try set.key(for: token()).id == "a")
    }

    static let badSets: [String] = [
        "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[]}"#, #"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
        "<html>captive portal</html>",
        #"{"keys":[\#(rsa.jsonText),\#(rsa.with("d", "AAAA").jsonText)]}"#, #"{"keys":[\#(rsa.jsonText)],"keys":[]}"#,
        #"{"keys":[\#(Array(repeating: rsa.jsonText, count: 65).joined(separator: ","))]}"#,
    ]

    @Test(arguments: badSets) func setIsRefused(_ text: String) {
        #expect(throws: CryptoError.self) { try KeySet(Array(text.utf8)) }
    }
}

extension [String: String] {
    func with(_ name: String, _ value: String) -> Self { merging([name: value]) { _, new in new } }
}
