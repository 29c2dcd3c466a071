import Foundation
import OrreryDocument
import OrreryIdentity
import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrreryHub

struct ConfigurationTests {
    static let text = """
        url: https://Hub.Example.org
        hub: {listen: "127.0.0.1:9081", database: state/hub.sqlite}
        proxy: {listen: "0.0.0.0:9000", api: "127.0.0.1:9001", token: abc}
        policy: documents
        auth:
          allow: [developers, "project:photoz"]
          admin: [operators]
          session: {idle: 1h, max: 2d}
          issuers:
            wlcg:
              title: WLCG
              issuer: https://wlcg.example/
              also: [https://wlcg.example]
              groups: {claim: wlcg.groups, kind: wlcg, from: userinfo}
              name: {claim: nick, prefix: w-}
              uid: {claim: uidNumber}
              gid: {claim: gidNumber}
              login: {client: hub, secret: s3cret, scopes: [openid, wlcg.groups]}
          groups:
            developers: {gid: 5001, from: ["wlcg:/lab/developers"]}
            operators: {from: ["wlcg:/lab/operators"]}
            "project:{g}": {gids: {photoz: 5101}, from: ["wlcg:/lab/project/{g}"]}
          users: {uid: 200000-299999, deny: ["wlcg:7f3c"]}
        clusters:
          north: {title: North, server: "https://north.example:6443/", token: t, namespace: hub}
          south: {server: "https://south.example:6443", certificate: {chain: c, key: k}, namespace: hub}
        """

    private static func read(_ text: String) throws -> HubConfiguration {
        try HubConfiguration.read(DocumentNode.parse(text, file: "/etc/orrery/orrery.yaml"))
    }

    @Test func everyKeyArrives() throws {
        let configuration = try Self.read(Self.text)
        #expect(configuration.url.origin == "https://hub.example.org")
        #expect(configuration.listen.description == "127.0.0.1:9081")
        #expect(
            configuration.database == "/etc/orrery/state/hub.sqlite" && configuration.policy == "/etc/orrery/documents")
        #expect(configuration.api == "https://hub.example.org/hub/api")
        #expect(configuration.proxy.listen.description == "0.0.0.0:9000" && configuration.proxy.token.reveal() == "abc")
        let auth = configuration.auth
        #expect(auth.allow == ["developers", "project:photoz"] && auth.admin == ["operators"])
        #expect(auth.session.idle == .seconds(3600) && auth.session.max == .seconds(2 * 86400))
        #expect(auth.users.uids == 200_000...299_999 && auth.users.deny == ["wlcg:7f3c"])
        #expect(auth.groups.map(\.name) == ["developers", "operators", "project:{g}"])
        #expect(auth.groups.last?.gids == ["photoz": 5101])
        #expect(configuration.clusters.map(\.title) == ["North", "south"])
        #expect(
            configuration.clusters.map(\.access.server) == ["https://north.example:6443", "https://south.example:6443"])
    }

    @Test func anIssuerIsReadWhole() throws {
        let issuer = try #require(try Self.read(Self.text).auth.issuers.first)
        #expect(issuer.label == "wlcg" && issuer.title == "WLCG" && issuer.issuer == "https://wlcg.example/")
        #expect(issuer.also == ["https://wlcg.example"] && issuer.secret == Secret("s3cret"))
        #expect(issuer.scopes == ["openid", "wlcg.groups"])
        #expect(issuer.redirectURI == "https://hub.example.org/hub/callback/wlcg")
        #expect(issuer.groupsClaim == "wlcg.groups" && issuer.groupsKind == .wlcg && issuer.groupsFrom == .userinfo)
        #expect(issuer.nameClaim == "nick" && issuer.namePrefix == "w-")
        #expect(issuer.uidClaim == "uidNumber" && issuer.gidClaim == "gidNumber")
    }

    @Test func whatIsNotWrittenHasADefault() throws {
        let configuration = try Self.read(
            """
            url: http://127.0.0.1:8000
            proxy: {token: t}
            auth:
              issuers:
                demo: {issuer: "http://127.0.0.1:1/o", login: {client: c}}
            clusters: {north: {server: "http://127.0.0.1:2", token: t, namespace: hub}}
            """)
        #expect(configuration.listen.description == "127.0.0.1:8081")
        #expect(configuration.proxy.listen.description == "127.0.0.1:8000" && configuration.proxy.api.port == 8001)
        #expect(
            configuration.database == "/etc/orrery/state/orrery.sqlite" && configuration.policy == "/etc/orrery/policy")
        #expect(configuration.auth.allow.isEmpty && configuration.auth.session.idle == .seconds(12 * 3600))
    }

    @Test(arguments: [
        ("  allow:", "  alow:", "orrery.yaml:6:3: auth: unknown key `alow`; did you mean `allow`?"),
        ("gids:", "gidz:", "unknown key `gidz`; did you mean `gid`?"),
        ("[developers, \"", "[develpers, \"", "unknown group `develpers`; did you mean `developers`?"),
        ("\"project:photoz\"", "\"project:\"", "unknown group `project:`"),
        ("admin: [operators]", "admin: [ops]", "unknown group `ops`"),
        ("idle: 1h", "idle: 1 hour", "a span of time"), ("idle: 1h", "idle: 1s", "less than a minute"),
        ("url: https://Hub.Example.org", "url: https://hub.example.org/jh", "without a path"),
        ("\"127.0.0.1:9081\"", "9081", "an address and a port"),
        ("token: abc", "token: \"file:no-such\"", "cannot be read"),
        ("kind: wlcg", "kind: wclg", "unknown kind `wclg`; did you mean `wlcg`?"),
        ("issuer: https://wlcg.example/", "issuer: http://wlcg.example/", "an issuer is an https URL"),
        ("scopes: [openid, ", "scopes: [", "must contain openid"), ("client: hub, ", "", "`client` is missing"),
        ("[\"wlcg:/lab/developers\"]", "[\"wclg:/lab/developers\"]", "does not begin with the label of an issuer"),
        ("uid: 200000-299999", "uid: 299999-200000", "two numbers"),
        ("uid: 200000-299999", "uid: 0-100", "two numbers"),
        ("[\"wlcg:7f3c\"]", "[\"egi:7f3c\"]", "no issuer is labelled `egi`"),
        ("token: t, namespace", "namespace", "either `token` or `certificate`"),
        (
            "token: t, namespace", "token: t, certificate: {chain: c, key: k}, namespace",
            "either `token` or `certificate`"
        ),
        ("\"https://south.example:6443\"", "south.example", "a URL that starts with"),
        ("gid: 5001", "gid: 0", "not between 1 and"),
        ("clusters:", "cluster:", "unknown key `cluster`; did you mean `clusters`?"),
    ])
    func aMistakeIsNamedWithItsPlace(_ right: String, _ wrong: String, _ sentence: String) throws {
        let text = Self.text.replacingOccurrences(of: right, with: wrong)
        #expect(text != Self.text)
        let error = #expect(throws: DocumentError.self) { try Self.read(text) }
        let told = "\(try #require(error))"
        #expect(told.contains(sentence), "\(told)")
        #expect(told.hasPrefix("/etc/orrery/orrery.yaml:"))
        #expect(!told.contains("\n") && !told.contains("s3cret"))
    }

    @Test func aPolicyThatDoesNotKnowAClusterIsRefused() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try TestPolicy.load(in: directory)
        var configuration = try Self.read(Self.text)
        configuration.policy = directory
        configuration.auth.groups = TestPolicy.groups.map { GroupRule($0, from: []) }
        #expect(throws: Never.self) { try Hub.policy(of: configuration) }
        configuration.clusters.append(
            HubConfiguration.Cluster(
                title: "West", access: .init(name: "west", server: "https://west", token: Secret("t"), namespace: "hub")
            ))
        let error = #expect(throws: HubError.self) { try Hub.policy(of: configuration) }
        #expect(error?.message.contains("`west`") == true)
    }
}
