import OrreryModel
import Testing

@testable import OrreryCrypto

/// Our verifier and libjwt, with the algorithm pinned, say the same about every recorded vector, but for the listed ones.
@Suite(.enabled(if: RecordedVectors.isPresent, "the recorded vectors are not beside the repository"))
struct OracleTests {
    /// What both say about one case.
    struct Opinion {
        let number: Int64
        let ours: Bool
        let theirs: Bool
        /// What the file says it should be; nil when it leaves that to the verifier.
        let expected: Bool?
    }

    /// Where we refuse and libjwt does not, and why. There is no case where it is the other way round.
    static let exceptions: [String: [(reason: String, numbers: [Int64])]] = [
        "json_web_signature_test": [
            ("the key's use is enc", [353, 354]), ("the key's key_ops do not have verify", [355, 356]),
        ],
        "json_web_key_test": [
            ("the key's primes can be found out, CVE-2017-15361", [7]), ("the key has 1024 bits", [8]),
            ("with the exponent 1 every signature can be forged", [9]), ("the key's use is enc", [21]),
        ],
        "json_web_crypto_test": [("the key's primes can be found out, CVE-2017-15361", [46])],
    ]
    /// What libjwt cannot be asked: it takes the signed bytes as a text that ends at a NUL.
    static let unasked: [String: [Int64]] = [
        "ecdsa_secp256r1_sha256_p1363_test": [228], "rsa_signature_2048_sha256_test": [2],
    ]

    @Test(arguments: ["json_web_signature_test", "json_web_key_test", "json_web_crypto_test"])
    func theySayTheSameAboutTokens(_ file: String) throws {
        try compare(file, groups(file).flatMap(tokenOpinions))
    }

    @Test func theySayTheSameAboutPointsOfP256() throws {
        let file = "ecdsa_secp256r1_sha256_p1363_test"
        try compareSignatures(file, groups(file).flatMap { try signatureOpinions(file, $0, jwk: point($0), .es256) })
    }

    @Test func theySayTheSameAboutRSA() throws {
        let file = "rsa_signature_2048_sha256_test"
        try compareSignatures(file, groups(file).flatMap { try signatureOpinions(file, $0, jwk: $0["keyJwk"], .rs256) })
    }

    @Test(arguments: ["4_1.rsa_v15_signature", "4_3.ecdsa_signature"])
    func theySayTheSameAboutTheExamplesOfRFC7520(_ name: String) throws {
        let example = try RecordedVectors.read("jose-cookbook/jws/\(name).json")
        let (jwk, token) = (
            try #require(example["input"]?["key"]), try #require(example["output"]?["compact"]?.string)
        )
        let oracle = try #require(Oracle(jwk: jwk))
        let key = try VerificationKey(jwk: jwk)
        for text in [token, token.replacing(".", with: ".A"), String(token.dropLast(2)) + "AA"] {
            let isOurs = (try? SignedToken(text, as: .identity).payload(verifiedBy: key)) != nil
            #expect(isOurs == (text == token))
            #expect(oracle.believes(text) == isOurs)
        }
    }

    private func groups(_ file: String) throws -> [JSON] {
        try #require(RecordedVectors.read("wycheproof/\(file).json")["testGroups"]?.array)
    }

    private func compare(_ file: String, _ opinions: [Opinion]) {
        #expect(opinions.contains { $0.ours && $0.theirs })
        #expect(opinions.filter { $0.ours && !$0.theirs }.map(\.number) == [])
        let listed = Self.exceptions[file, default: []].flatMap(\.numbers)
        #expect(opinions.filter { !$0.ours && $0.theirs }.map(\.number).sorted() == listed.sorted())
    }

    /// Of bare signatures, which no rule of ours is about, we believe exactly those that are right.
    private func compareSignatures(_ file: String, _ opinions: [Opinion]) {
        compare(file, opinions)
        #expect(opinions.filter { $0.expected != nil && $0.ours != $0.expected }.map(\.number) == [])
    }

    private func expectation(_ test: JSON) -> Bool? {
        switch test["result"] {
        case "valid": true
        case "invalid": false
        default: nil
        }
    }

    private func isBelieved(_ text: String, keys: [JSON]) -> Bool {
        do {
            let set = try KeySet(Array(JSON.object(["keys": .array(keys)]).text.utf8))
            let token = try SignedToken(text, as: .identity)
            _ = try token.payload(verifiedBy: set.key(for: token))
            return true
        } catch { return false }
    }

    /// Both look at the token with every public key of the group: we choose by its name, libjwt tries them all.
    private func tokenOpinions(_ group: JSON) throws -> [Opinion] {
        let published = try #require(group["public"] ?? group["private"])
        let keys = (published["keys"]?.array ?? [published]).filter { $0["kty"] != "oct" }
        guard !keys.isEmpty else { return [] }
        let oracles = keys.compactMap(Oracle.init)
        return try #require(group["tests"]?.array).compactMap { test in
            guard let text = test["jws"]?.string else { return nil }
            return Opinion(
                number: test["tcId"]?.integer ?? 0, ours: isBelieved(text, keys: keys),
                theirs: oracles.contains { $0.believes(text) }, expected: expectation(test))
        }
    }

    private func signatureOpinions(
        _ file: String, _ group: JSON, jwk: JSON?, _ algorithm: SignatureAlgorithm
    ) throws -> [Opinion] {
        let oracle = Oracle(pem: Array(try #require(group["publicKeyPem"]?.string).utf8), algorithms: [algorithm])
        let key = try VerificationKey(jwk: #require(jwk))
        return try #require(group["tests"]?.array).compactMap { test in
            let number = try #require(test["tcId"]?.integer)
            let message = octets(try #require(test["msg"]?.string))
            let signature = octets(try #require(test["sig"]?.string))
            guard !Self.unasked[file, default: []].contains(number) else { return nil }
            #expect(!message.contains(0), "\(file) \(number)")
            return Opinion(
                number: number, ours: key.verifies(signature, of: message, with: algorithm),
                theirs: oracle.verifies(Base64URL.encode(signature), of: message, with: algorithm),
                expected: expectation(test))
        }
    }

    /// The group's key; not all of them have it as a JSON Web Key.
    private func point(_ group: JSON) throws -> JSON {
        let octets = octets(try #require(group["publicKey"]?["uncompressed"]?.string))
        return [
            "kty": "EC", "crv": "P-256", "x": .string(Base64URL.encode(Array(octets[1..<33]))),
            "y": .string(Base64URL.encode(Array(octets[33..<65]))),
        ]
    }

    private func octets(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
