import OrreryModel
import Testing

@testable import OrreryCrypto

@Suite struct SigningKeyTests {
    static let key = Result { try SigningKey.fresh() }

    @Test func aKeyIsTheSameAfterItWasStored() throws {
        let key = try Self.key.get()
        let again = try SigningKey(pem: key.revealPEM())
        #expect(again.id == key.id)
        #expect(again.published == key.published)
        #expect(try SigningKey.fresh().id != key.id)
    }

    @Test func thePublishedHalfIsAKeyByOurOwnRules() throws {
        let key = try Self.key.get()
        #expect(Set(key.published.object?.keys ?? [:].keys) == ["kty", "use", "alg", "kid", "n", "e"])
        let verifier = try VerificationKey(jwk: key.published)
        #expect(verifier.id == key.id)
        #expect(verifier.algorithms == [.rs256])
    }

    @Test func nothingOfThePrivateHalfIsPrinted() throws {
        let key = try Self.key.get()
        var dumped = ""
        dump(key, to: &dumped)
        let lines = String(decoding: key.revealPEM(), as: UTF8.self).split(separator: "\n")
        for text in ["\(key)", "\([key])", dumped, String(reflecting: key)] {
            #expect(!lines.contains { text.contains($0) })
        }
    }

    @Test(arguments: [
        [], Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8),
        openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ])
    func whatIsNoRSAKeyIsRefused(_ pem: [UInt8]) {
        #expect(throws: CryptoError.self) { try SigningKey(pem: pem) }
    }
}
