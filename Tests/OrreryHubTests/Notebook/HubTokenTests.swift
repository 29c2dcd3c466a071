import Foundation
import OrreryCrypto
import OrreryDocument
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// Tokens that the hub itself gives to sessions.
@Suite struct HubTokenTests {
    private static func notebook(_ text: String) throws -> HubConfiguration.Notebook {
        try HubConfiguration.notebook(DocumentNode.parse(text, file: "orrery.yaml"))
    }

    static let both = """
        {audience: https://data.test, life: 10m, s3: {role: "arn:aws:iam::1:role/notebooks", audience: s3.test,
         endpoint: "https://s3.test/", sts: "https://sts.test", region: eu-central-1}}
        """

    @Test func theSessionFindsItsTokensAndItsRole() async throws {
        let notebook = try Self.notebook(Self.both)
        try await TestHub.run(notebook: notebook) { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let contract = hub.services.contract
            let uid = session.plan.identity.uid
            #expect(contract.hasTokens(for: session))
            let variables = contract.variables(for: session)
            #expect(variables["BEARER_TOKEN"] == nil)
            #expect(variables["JUPYTERHUB_USER"] == "ada")
            let own = variables.filter { $0.key.hasPrefix("AWS_") || $0.key.hasPrefix("BEARER") }
            #expect(
                own == [
                    "BEARER_TOKEN_FILE": "/run/orrery/tokens/bt_u\(uid)",
                    "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/orrery/tokens/s3",
                    "AWS_ROLE_ARN": "arn:aws:iam::1:role/notebooks", "AWS_ROLE_SESSION_NAME": "ada",
                    "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
                    "AWS_ENDPOINT_URL_S3": "https://s3.test", "AWS_ENDPOINT_URL_STS": "https://sts.test",
                ])
            let tokens = await contract.tokens(for: session)
            #expect(Set(tokens.keys) == ["bt_u\(uid)", "bt_u\(uid)-orrery", "s3"])
            #expect(tokens["bt_u\(uid)"] == tokens["bt_u\(uid)-orrery"])
            let claims = try Self.claims(try #require(tokens["s3"]))
            #expect(claims["aud"] == "s3.test")
            #expect(claims["groups"] == ["atlas"])
            #expect(claims["session"] == .string(session.id))
            #expect(claims["sub"] == .string("ada:\(session.person)"))
            #expect((claims["exp"]?.integer ?? 0) - (claims["iat"]?.integer ?? 0) == 600)
            let bearer = try Self.claims(try #require(tokens["bt_u\(uid)"]))
            #expect(bearer["aud"] == "https://data.test")
        }
    }

    /// What a token says, without a look at its signature.
    private static func claims(_ token: Secret) throws -> JSON {
        let parts = token.reveal().split(separator: ".")
        return try JSON(strict: try #require(Base64URL.decode(parts[1].utf8)))
    }

    @Test func withoutAWordAboutThemThereAreNone() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            #expect(!hub.services.contract.hasTokens(for: session))
            #expect(hub.services.contract.variables(for: session).keys.allSatisfy { $0.hasPrefix("JUPYTERHUB_") })
        }
    }

    @Test(arguments: [
        ("{audience: []}", "an audience is a text"), ("{audience: \"a b\"}", "an audience is a text"),
        ("{life: 2h}", "a minute to an hour"), ("{life: 10s}", "a minute to an hour"),
        ("{s3: {}}", "role"), ("{s3: {role: admin}}", "a role such as"), ("{aud: x}", "audience"),
        ("{s3: {role: \"arn:aws:iam::1:role/n\", endpoint: \"s3.test\"}}", "a URL that starts with"),
    ])
    func whatCannotBeMeantIsRefused(_ text: String, _ words: String) {
        let error = #expect(throws: DocumentError.self) { try Self.notebook(text) }
        #expect(error.map { "\($0)".contains(words) } == true, "\(error.map { "\($0)" } ?? "")")
    }
}
