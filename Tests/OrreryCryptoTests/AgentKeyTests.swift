import OrreryCrypto
import Testing

@Suite struct AgentKeyTests {
    static let key = Result { try AgentKey.fresh() }

    @Test func aKeyIsTheSameAfterItWasStored() throws {
        let key = try Self.key.get()
        let again = try AgentKey(pem: key.revealPEM())
        #expect(again.publicKey == key.publicKey)
        #expect(again.id == key.id)
        #expect(try AgentKey.fresh().id != key.id)
    }

    @Test func itsIdIsTheHashOfWhatOpenSSLCallsItsPublicKey() throws {
        let key = try Self.key.get()
        let info = openssl(["pkey", "-pubout", "-outform", "DER"], input: key.revealPEM())
        #expect(key.publicKey.info == info)
        #expect(key.id == Digest.sha256.of(info).hexadecimal)
        #expect(key.id.utf8.count == 64)
    }

    @Test func itsCertificateHoldsItAndNeverEnds() throws {
        let key = try Self.key.get()
        let certificate = try key.certificate()
        #expect(
            openssl(["x509", "-pubkey", "-noout"], input: certificate)
                == openssl(["pkey", "-pubout"], input: key.revealPEM()))
        let dates = String(decoding: openssl(["x509", "-dates", "-noout"], input: certificate), as: UTF8.self)
        #expect(dates.contains("1970 GMT") && dates.contains("9999 GMT"))
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
        openssl(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        openssl(["genpkey", "-algorithm", "ED25519"]),
    ])
    func whatIsNoSuchKeyIsRefused(_ pem: [UInt8]) {
        #expect(throws: CryptoError.self) { try AgentKey(pem: pem) }
    }

    @Test func aPublicKeyHasOneFormOnly() throws {
        let info = try Self.key.get().publicKey.info
        #expect(try AgentPublicKey(info: info).id == Self.key.get().id)
        // With its point compressed it is the same key, and would be another id.
        let compressed = openssl(
            ["ec", "-pubin", "-inform", "DER", "-pubout", "-outform", "DER", "-conv_form", "compressed"], input: info)
        #expect(!compressed.isEmpty && compressed != info)
        for other in [compressed, info + [0], Array(info.dropLast()), [], [UInt8](repeating: 0, count: 91)] {
            #expect(throws: CryptoError.self) { try AgentPublicKey(info: other) }
        }
    }
}

@Suite struct KeyRotationTests {
    @Test func bothKeysMustAgreeToAChange() throws {
        let (old, new, other) = (try AgentKey.fresh(), try AgentKey.fresh(), try AgentKey.fresh())
        let good = try KeyRotation(from: old, to: new)
        func verify(_ new: AgentKey, _ first: [UInt8], _ second: [UInt8], of old: AgentKey) throws -> String {
            try KeyRotation(
                verifying: new.publicKey.info, oldSignature: first, newSignature: second, of: old.publicKey
            ).new.id
        }
        #expect(try verify(new, good.oldSignature, good.newSignature, of: old) == new.id)
        #expect(throws: CryptoError.self) { try verify(new, good.newSignature, good.newSignature, of: old) }
        #expect(throws: CryptoError.self) { try verify(new, good.oldSignature, good.oldSignature, of: old) }
        #expect(throws: CryptoError.self) { try verify(new, good.oldSignature, good.newSignature, of: other) }
        #expect(throws: CryptoError.self) { try verify(other, good.oldSignature, good.newSignature, of: old) }
        #expect(throws: CryptoError.self) { try verify(new, [], [], of: old) }
        let same = try KeyRotation(from: old, to: old)
        #expect(throws: CryptoError.self) { try verify(old, same.oldSignature, same.newSignature, of: old) }
    }

    @Test func whatIsSignedIsTheTextThatTheWireSays() throws {
        let (old, new) = (try AgentKey.fresh(), try AgentKey.fresh())
        let rotation = try KeyRotation(from: old, to: new)
        #expect(old.publicKey.verifies(rotation.oldSignature, of: "orrery-rotate 1\n\(old.id)\n\(new.id)"))
    }
}
