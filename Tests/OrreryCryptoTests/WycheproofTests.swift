import OrreryModel
import Testing

@testable import OrreryCrypto

@Suite(.enabled(if: RecordedVectors.isPresent, "the recorded vectors are not beside the repository"))
struct WycheproofTests {
    struct Case: CustomStringConvertible {
        let number: Int64
        let comment: String
        let keyAlgorithm: String
        let isValid: Bool
        let accepted: Bool
        var description: String { "tcId \(number) (\(comment)): valid \(isValid), accepted \(accepted)" }
    }

    /// What our verifier says to every signature case of a file, with the group's public keys as the issuer's key set.
    func cases(_ file: String) throws -> [Case] {
        let groups = try #require(RecordedVectors.read("wycheproof/\(file).json")["testGroups"]?.array)
        return try groups.flatMap { group in
            let published = try #require(group["public"] ?? group["private"])
            let keys = published["keys"] ?? [published]
            let set = try? KeySet(Array(JSON.object(["keys": keys]).text.utf8))
            return try #require(group["tests"]?.array).compactMap { test -> Case? in
                guard let text = test["jws"]?.string else { return nil }
                let token = try? SignedToken(text, as: .identity)
                let payload = token.flatMap { token in
                    try? set.flatMap { try token.payload(verifiedBy: $0.key(for: token)) }
                }
                return Case(
                    number: test["tcId"]?.integer ?? 0, comment: test["comment"]?.string ?? "",
                    keyAlgorithm: published["alg"]?.string ?? "",
                    isValid: test["result"] == "valid", accepted: payload != nil)
            }
        }
    }

    @Test(arguments: ["json_web_signature_test", "json_web_key_test", "json_web_crypto_test"])
    func nothingInvalidIsAccepted(_ file: String) throws {
        let cases = try cases(file)
        #expect(!cases.isEmpty)
        #expect(cases.filter { $0.accepted && !$0.isValid } == [])
    }

    /// Valid ones that we refuse on purpose: HMAC, PSS, and a key for `ES521`, which is no algorithm.
    @Test func everythingValidOfOurAlgorithmsIsAccepted() throws {
        let valid = try cases("json_web_signature_test").filter(\.isValid)
        #expect(valid.filter(\.accepted).count == 18)
        let refused = Set(valid.filter { !$0.accepted }.map(\.keyAlgorithm))
        #expect(refused == ["HS256", "PS256", "PS384", "PS512", "ES521"])
    }
}

extension WycheproofTests.Case: Equatable {}
