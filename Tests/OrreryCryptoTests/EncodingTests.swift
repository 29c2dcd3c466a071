import Testing

@testable import OrreryCrypto

@Suite struct EncodingTests {
    static let pairs: [(String, String)] = [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("??>", "Pz8-"),
    ]

    @Test(arguments: pairs) func base64URLGoesBothWays(_ plain: String, _ encoded: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == encoded)
        #expect(Base64URL.decode(encoded.utf8) == Array(plain.utf8))
    }

    @Test(arguments: ["A", "AAAAA", "Zg==", "Zh", "Zm9", "Zm 9v", "Zm9v\n", "Pz8+", "Pz8/", "\u{e4}AAA"])
    func base64URLHasOneTextPerValue(_ text: String) { #expect(Base64URL.decode(text.utf8) == nil) }

    @Test func everyByteSurvivesEncoding() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for count in 0..<70 {
            #expect(Base64URL.decode(Base64URL.encode(Array(bytes.prefix(count))).utf8) == Array(bytes.prefix(count)))
        }
    }

    /// FIPS 180-4's example, RFC 4231 case 2, RFC 7636 appendix B.
    @Test func hashesAreThoseOfTheStandards() {
        #expect(
            Digest.sha256.of("abc").hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest.sha384.of("abc").count == 48)
        #expect(Digest.sha512.of("abc").hexadecimal.hasPrefix("ddaf35a193617abacc417349ae204131"))
        let code = Digest.sha256.code(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(code.hexadecimal == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            ProofKey.challenge(of: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
                == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func comparingLooksAtEveryByte() {
        #expect("abc".equalsInConstantTime("abc"))
        #expect(!"abc".equalsInConstantTime("abd"))
        #expect(!"abc".equalsInConstantTime("ab"))
        #expect("".equalsInConstantTime(""))
    }

    @Test func randomTokensDiffer() {
        let tokens = Set((0..<100).map { _ in RandomToken.make() })
        #expect(tokens.count == 100)
        #expect(tokens.allSatisfy { $0.utf8.count == 43 && Base64URL.decode($0.utf8)?.count == 32 })
    }
}
