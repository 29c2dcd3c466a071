import OrreryModel
import Testing

@testable import OrreryCrypto

/// RFC 7520 and RFC 7797: what we believe of them, and what we refuse on purpose.
@Suite(.enabled(if: RecordedVectors.isPresent, "the recorded vectors are not beside the repository"))
struct CookbookTests {
    @Test(arguments: ["4_1.rsa_v15_signature", "4_3.ecdsa_signature"]) func isBelieved(_ name: String) throws {
        let example = try RecordedVectors.read("jose-cookbook/jws/\(name).json")
        let jwk = try #require(example["input"]?["key"])
        let token = try SignedToken(#require(example["output"]?["compact"]?.string), as: .identity)
        let payload = try token.payload(verifiedBy: VerificationKey(jwk: jwk))
        #expect(String(decoding: payload, as: UTF8.self) == example["input"]?["payload"]?.string)
    }

    static let refused = [
        "jws/4_2.rsa-pss_signature", "jws/4_4.hmac-sha2_integrity_protection",
        "jws/4_5.signature_with_detached_content",
        "jws/4_6.protecting_specific_header_fields", "jws/4_7.protecting_content_only", "jws/4_8.multiple_signatures",
        "rfc7797/4.2.hmac-sha2_b64_false", "rfc7797/hmac-sha2_b64_false",
    ]

    @Test(arguments: refused) func isRefused(_ name: String) throws {
        let output = try #require(RecordedVectors.read("jose-cookbook/\(name).json")["output"])
        let text = try output["compact"]?.string ?? output.text
        #expect(throws: CryptoError.self) { try SignedToken(text, as: .identity) }
    }

    static let keys: [(String, Set<SignatureAlgorithm>)] = [
        ("3_1.ec_public_key", [.es512]), ("3_3.rsa_public_key", [.rs256, .rs384, .rs512]),
    ]

    @Test(arguments: keys) func keyIsUsable(_ name: String, _ algorithms: Set<SignatureAlgorithm>) throws {
        let key = try VerificationKey(jwk: RecordedVectors.read("jose-cookbook/jwk/\(name).json"))
        #expect(key.algorithms == algorithms)
    }

    @Test(arguments: ["glewlwyd-2.7.5", "canaille-0.3.6", "oidc-provider-mock-0.3.4"])
    func keySetsOfRealProvidersAreRead(_ name: String) throws {
        _ = try KeySet(Array(RecordedVectors.read("providers/\(name)-jwks.json").text.utf8))
    }
}
