import Foundation
import OrreryCrypto
import OrreryModel
import Testing

@testable import OrreryIdentity

/// Tokens that the hub signs, read by joserfc and PyJWT of PyPI: nothing of ours has a part in the verdict.
@Suite(.enabled(if: TokenOracle.isPresent, "joserfc and pyjwt are not there; Tests/run installs them"))
struct WorkloadTokenTests {
    static let key = Result { try SigningKey.fresh() }
    static let now = Date(timeIntervalSince1970: 1_795_000_000.75)

    static let token = WorkloadToken(
        issuer: "https://hub.test/hub/workload", subject: WorkloadToken.subject(of: "ada", id: 7), name: "ada",
        audiences: ["https://s3.test"], groups: ["developers", "project:photöz\"\u{1F52D}"],
        session: "01k0000000session00000000a", cluster: "north")

    @Test func othersVerifyThemAndReadWhatWeSaid() throws {
        let key = try Self.key.get()
        let (text, end) = try Self.token.signed(with: key, lasting: .seconds(600), at: Self.now)
        #expect(end == Date(timeIntervalSince1970: 1_795_000_600))
        let answer = try TokenOracle.read(text, keys: [key.published], audience: "https://s3.test")
        #expect(answer["header"] == ["alg": "RS256", "typ": "JWT", "kid": .string(key.id)])
        #expect(answer["thumbprint"]?.string == key.id)
        var claims = try #require(answer["claims"])
        #expect((claims["jti"]?.string?.utf8.count ?? 0) >= 20)
        claims["jti"] = nil
        #expect(
            claims == [
                "iss": "https://hub.test/hub/workload", "sub": "ada:7", "aud": "https://s3.test",
                "iat": 1_795_000_000, "nbf": 1_795_000_000, "exp": 1_795_000_600, "preferred_username": "ada",
                "groups": ["developers", "project:photöz\"\u{1F52D}"], "session": "01k0000000session00000000a",
                "cluster": "north",
            ])
    }

    @Test func severalAudiencesAreAListAndNoTwoTokensAreEqual() throws {
        let key = try Self.key.get()
        var token = Self.token
        token.audiences = ["https://a.test", "https://b.test"]
        let texts = try (0..<20).map { _ in try token.signed(with: key, lasting: .seconds(60), at: Self.now).token }
        #expect(Set(texts).count == 20)
        for text in texts {
            let answer = try TokenOracle.read(text, keys: [key.published], audience: "https://b.test")
            #expect(answer["claims"]?["aud"] == ["https://a.test", "https://b.test"])
        }
    }

    @Test func noneLivesLongerThanAnHour() throws {
        let (_, end) = try Self.token.signed(with: Self.key.get(), lasting: .seconds(86400), at: Self.now)
        #expect(end.timeIntervalSince(Self.now) <= 3600)
    }

    @Test func anotherKeyOrAudienceDoesNotVerify() throws {
        let key = try Self.key.get()
        let (text, _) = try Self.token.signed(with: key, lasting: .seconds(60), at: Self.now)
        #expect(throws: TokenOracle.Refusal.self) {
            try TokenOracle.read(text, keys: [SigningKey.fresh().published], audience: "https://s3.test")
        }
        #expect(throws: TokenOracle.Refusal.self) {
            try TokenOracle.read(text, keys: [key.published], audience: "https://other.test")
        }
    }
}

/// joserfc and PyJWT, in the Python of the tests' tools. Both have to agree.
enum TokenOracle {
    struct Refusal: Error {}

    static var isPresent: Bool {
        let python = EntitlementOracle.python.path
        return FileManager.default.isExecutableFile(atPath: python)
            && Program([python, "-c", "import joserfc, jwt"]).wait() == 0
    }

    static func read(_ token: Secret, keys: [JSON], audience: String) throws -> JSON {
        let question: JSON = [
            "token": .string(token.reveal()), "keys": ["keys": .array(keys)], "audience": .string(audience),
        ]
        let program = Program(
            [EntitlementOracle.python.path, "-c", script], input: Array(try JSONEncoder().encode(question)))
        guard program.wait() == 0 else { throw Refusal() }
        return try JSONDecoder().decode(JSON.self, from: Data(program.output))
    }

    private static let script = """
        import json, sys
        import jwt as pyjwt
        from joserfc import jwk, jwt
        asked = json.load(sys.stdin)
        keys = jwk.KeySet.import_key_set(asked["keys"])
        token = jwt.decode(asked["token"], keys, algorithms=["RS256"])
        audiences = token.claims["aud"]
        assert asked["audience"] in ([audiences] if isinstance(audiences, str) else audiences)
        other = pyjwt.decode(asked["token"], pyjwt.PyJWK(asked["keys"]["keys"][0]), algorithms=["RS256"],
                             audience=asked["audience"], options={"verify_exp": False, "verify_iat": False,
                             "verify_nbf": False})
        assert other == token.claims
        print(json.dumps({"header": token.header, "claims": token.claims, "thumbprint": keys.keys[0].thumbprint()}))
        """
}
