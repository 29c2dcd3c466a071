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
            let tokens = await Self.tokens(3, of: contract, for: session)
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

    /// The first tokens, asked for again where a busy machine takes longer for `count` of them than a start waits.
    private static func tokens(
        _ count: Int, of contract: ServerContract, for session: SessionRecord
    ) async -> [String: Secret] {
        let deadline = ContinuousClock.now + .seconds(60)
        var tokens = await contract.tokens(for: session)
        while tokens.count < count, .now < deadline { tokens = await contract.tokens(for: session) }
        return tokens
    }

    /// What a token says, without a look at its signature.
    private static func claims(_ token: Secret) throws -> JSON {
        let parts = token.reveal().split(separator: ".")
        return try JSON(strict: try #require(Base64URL.decode(parts[1].utf8)))
    }

    /// `session` as it is when a fileset of it is delivered as s3.
    private static func delivered(_ session: SessionRecord, _ fileset: String = "bucket") throws -> SessionRecord {
        var plan = try JSONDecoder().decode(JSON.self, from: JSONEncoder().encode(session.plan))
        plan["bucket"] = [
            "fileset": .string(fileset), "role": "arn:minio:iam:::role/ada", "region": "north",
            "endpoint": "https://s3.north",
            "revoke": "notify",
        ]
        return SessionRecord(
            id: session.id, person: session.person, personName: session.personName, server: "", profile: "standard",
            environment: "lab", size: "small", cluster: "north",
            plan: try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)), planHash: "0",
            spawn: session.spawn, namespace: "hub", pod: session.pod, prefix: session.prefix,
            createdAt: session.createdAt)
    }

    @Test func withoutARoleForAllOnlyAFilesetGivesOne() async throws {
        let notebook = try Self.notebook(
            "{s3: {audience: s3.test, endpoint: \"https://elsewhere\", sts: \"https://sts.test\"}}")
        try await TestHub.run(notebook: notebook) { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let contract = hub.services.contract
            #expect(!contract.hasTokens(for: session))
            #expect(contract.variables(for: session).keys.allSatisfy { $0.hasPrefix("JUPYTERHUB_") })
            #expect(await contract.tokens(for: session).isEmpty)
            let given = try Self.delivered(session)
            #expect(contract.hasTokens(for: given))
            let variables = contract.variables(for: given).filter { $0.key.hasPrefix("AWS_") }
            #expect(
                variables == [
                    "AWS_WEB_IDENTITY_TOKEN_FILE": "/run/orrery/tokens/s3", "AWS_ROLE_ARN": "arn:minio:iam:::role/ada",
                    "AWS_ROLE_SESSION_NAME": "ada", "AWS_REGION": "north", "AWS_DEFAULT_REGION": "north",
                    "AWS_ENDPOINT_URL_S3": "https://s3.north", "AWS_ENDPOINT_URL_STS": "https://sts.test",
                ])
            #expect(await Set(Self.tokens(1, of: contract, for: given).keys) == ["s3"])
        }
    }

    @Test func aSensitiveFilesetThatIsDeliveredIsInTheAuditLogToo() async throws {
        try await TestHub.run { hub in
            let grace = try await hub.person("grace", groups: [Group(name: "science")])
            let session = try await hub.session(of: grace)
            #expect(hub.services.desk.acts(of: session, for: grace).map(\.kind) == [.spawn])
            let given = try Self.delivered(session, "scratch")
            #expect(hub.services.desk.acts(of: given, for: grace).map(\.kind) == [.spawn, .grant])
        }
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
        ("{s3: {role: admin}}", "a role such as"), ("{aud: x}", "audience"),
        ("{s3: {role: \"arn:aws:iam::1:role/n\", endpoint: \"s3.test\"}}", "a URL that starts with"),
    ])
    func whatCannotBeMeantIsRefused(_ text: String, _ words: String) {
        let error = #expect(throws: DocumentError.self) { try Self.notebook(text) }
        #expect(error.map { "\($0)".contains(words) } == true, "\(error.map { "\($0)" } ?? "")")
    }
}
