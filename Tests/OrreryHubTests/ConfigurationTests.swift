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
        hub: {listen: "127.0.0.1:9081", forwarders: [192.0.2.7, "10.1.0.0/16"], database: state/hub.sqlite, keys: /keys/hub, audit: {keep: 400d}}
        proxy: {listen: "0.0.0.0:9000", api: "127.0.0.1:9001", token: abc}
        policy: documents
        auth:
          allow: [developers, "project:photoz"]
          admin: [operators]
          session: {idle: 1h, max: 2d, recheck: 10m}
          issuers:
            wlcg:
              title: WLCG
              issuer: https://wlcg.example/
              also: [https://wlcg.example]
              groups: {claim: wlcg.groups, kind: wlcg, from: userinfo}
              name: {claim: nick, prefix: w-}
              uid: {claim: uidNumber}
              gid: {claim: gidNumber}
              require: {acr: https://refeds.org/profile/mfa, age: 8h}
              login: {client: hub, secret: s3cret, scopes: [openid, wlcg.groups]}
            egi:
              issuer: https://egi.example/realms/egi
              groups: {claim: entitlements, kind: aarc, from: userinfo, namespace: "urn:mace:egi.eu:"}
              login: {client: hub, secret: s3cret, method: post}
              require: {assurance: https://refeds.org/assurance/IAP/medium, idp: [urn:a, urn:b]}
            github:
              type: github
              name: {prefix: gh-}
              login: {client: Iv1, secret: s3cret, scopes: [read:org]}
          groups:
            developers:
              gid: 5001
              from: ["wlcg:/lab/developers", "egi:urn:mace:egi.eu:group:vo:role=member", "github:lsst/developers"]
              require: {assurance: [urn:low, urn:unique]}
            operators: {from: ["wlcg:/lab/operators"], require: {acr: mfa, age: 8h}}
            "project:{g}": {gids: {photoz: 5101}, from: ["wlcg:/lab/project/{g}"]}
          users: {uid: 200000-299999, deny: ["wlcg:7f3c", mallory]}
        clusters:
          north: {title: North, server: "https://north.example:6443/", token: t, namespace: hub}
          south: {server: "https://south.example:6443", certificate: {chain: "-----BEGIN C", key: "-----BEGIN K"}, namespace: hub}
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
        #expect(configuration.keys == "/keys/hub" && configuration.auditKept == .seconds(400 * 86400))
        #expect(configuration.forwarders == ["192.0.2.7/32", "10.1.0.0/16"].compactMap { InternetNetwork($0) })
        #expect(configuration.api == "https://hub.example.org/hub/api")
        #expect(configuration.proxy.listen.description == "0.0.0.0:9000" && configuration.proxy.token.reveal() == "abc")
        let auth = configuration.auth
        #expect(auth.allow == ["developers", "project:photoz"] && auth.admin == ["operators"])
        #expect(auth.session.idle == .seconds(3600) && auth.session.max == .seconds(2 * 86400))
        #expect(auth.session.recheck == .seconds(600))
        #expect(auth.users.uids == 200_000...299_999 && auth.users.deny == ["wlcg:7f3c", "mallory"])
        #expect(auth.groups.map(\.name) == ["developers", "operators", "project:{g}"])
        #expect(auth.groups.last?.gids == ["photoz": 5101])
        #expect(configuration.clusters.map(\.title) == ["North", "south"])
        #expect(
            configuration.clusters.map(\.access.server) == ["https://north.example:6443", "https://south.example:6443"])
    }

    /// A proxy reads the same from a file of its own.
    @Test(arguments: ["a b", #"abc\n"#, #"\u0001"#])
    func theProxiesTokenIsOneWord(_ token: String) throws {
        let text = Self.text.replacing("token: abc", with: "token: \"\(token)\"")
        #expect { try Self.read(text) } throws: {
            "\($0)".hasPrefix("/etc/orrery/orrery.yaml:3:") && "\($0)".contains("proxy.token: the token has a space")
        }
    }

    @Test func aSiteThatNobodyMayEnterIsWarnedOf() throws {
        #expect(try Self.read(Self.text).warnings.isEmpty)
        let closed = Self.text.replacing("allow: [developers, \"project:photoz\"]", with: "allow: []")
        #expect(try Self.read(closed).warnings.first?.contains("auth.allow") == true)
    }

    @Test(arguments: [
        ("url: https://Hub", "url: http://Hub", "cross the network in the clear"),
        ("idle: 1h, max: 2d", "idle: 3d, max: 2d", "auth.session.idle means nothing"),
        ("photoz: 5101", "photoz: 5001", "gid 5001 stands at `developers` and `project:{g}`"),
        ("photoz: 5101", "photoz: 5101, y3: 5101", "gid 5101 stands at `project:{g}` and `project:{g}`"),
    ])
    func whatIsHardlyMeantIsWarnedOf(_ right: String, _ wrong: String, _ words: String) throws {
        let warnings = try Self.read(Self.text.replacing(right, with: wrong)).warnings
        #expect(warnings.count == 1 && warnings[0].contains(words), "\(warnings)")
    }

    @Test(arguments: ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000", "http://hub.localhost"])
    func aSiteOfOneMachineNeedsNoTLS(_ url: String) throws {
        let text = Self.text.replacing("url: https://Hub.Example.org", with: "url: \"\(url)\"")
        #expect(try Self.read(text).warnings.isEmpty)
    }

    @Test(arguments: [
        (
            #"listen: "127.0.0.1:9081""#, #"listen: "0.0.0.0:9000""#, ":3:",
            "proxy.listen and hub.listen are both 0.0.0.0:9000"
        ),
        (#"api: "127.0.0.1:9001""#, #"inner: "0.0.0.0:9000""#, ":3:", "proxy.inner and proxy.listen are both"),
        // What the proxy's address is when nobody says.
        (#"listen: "0.0.0.0:9000", "#, #"inner: "127.0.0.1:8000", "#, ":3:", "proxy.inner and proxy.listen are both"),
        (#"token: t, namespace: hub"#, #"token: t, namespace: Hub_X"#, ":38:", "takes no namespace of this name"),
    ])
    func whatCanNeverWorkIsAnError(_ right: String, _ wrong: String, _ line: String, _ words: String) throws {
        #expect { try Self.read(Self.text.replacing(right, with: wrong)) } throws: {
            "\($0)".contains(line) && "\($0)".contains(words)
        }
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

    @Test func everyKindOfIssuerIsRead() throws {
        let auth = try Self.read(Self.text).auth
        #expect(auth.issuers.map(\.label) == ["wlcg", "egi", "github"])
        #expect(
            auth.issuers[0].requirement
                == Requirement(contexts: ["https://refeds.org/profile/mfa"], age: .seconds(8 * 3600)))
        let egi = auth.issuers[1]
        let namespace = try #require(EntitlementNamespace("urn:mace:egi.eu"))
        #expect(egi.groupsKind == .aarc(namespace))
        #expect(egi.secretMethod == .post && egi.type == .openID && egi.scopes == ["openid", "profile"])
        #expect(
            egi.requirement
                == Requirement(
                    assurance: ["https://refeds.org/assurance/IAP/medium"], organisations: ["urn:a", "urn:b"]))
        #expect(auth.demand(raising: "operators") == LoginDemand(contexts: ["mfa"], age: .seconds(8 * 3600)))
        for group in ["developers", "project:photoz", "nobody", nil] { #expect(auth.demand(raising: group) == .usual) }
        let github = auth.issuers[2]
        #expect(github.type == .gitHub && github.issuer == "https://github.com" && github.namePrefix == "gh-")
        #expect(github.scopes == ["read:org"] && github.groupsKind == .teams)
        #expect(auth.groups.first?.requirement == Requirement(assurance: ["urn:low", "urn:unique"]))
    }

    /// The page for administrators is worth nothing if its examples do not load.
    @Test func theExamplesOfThePageLoad() throws {
        let page = try String(
            contentsOf: URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .appending(path: "../../docs/identity.md").standardized, encoding: .utf8)
        let examples = page.components(separatedBy: "```yaml\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
        #expect(examples.count == 4)
        for example in examples {
            let auth = example.replacing(/"file:secrets\/[a-z]+"/, with: "s").split(separator: "\n").map { "  \($0)" }
            let text = """
                url: http://127.0.0.1:8000
                proxy: {token: t}
                auth:
                \(auth.joined(separator: "\n"))
                clusters: {north: {server: "http://127.0.0.1:2", token: t, namespace: hub}}
                """
            let groups = try Self.read(text).auth.groups
            #expect(groups.map(\.name) == ["analysis"], "\(example)")
        }
    }

    @Test(arguments: [
        ("https://wlcg.example/", "7f3c", "ada", true), ("https://egi.example/realms/egi", "7f3c", "ada", false),
        ("https://wlcg.example/", "7f3", "ada", false), ("https://github.com", "1", "mallory", true),
    ])
    func somebodyIsDeniedByNameOrIdentity(_ issuer: String, _ subject: String, _ name: String, _ isDenied: Bool) throws
    {
        let person = Person(
            identity: Identity(issuer: issuer, subject: subject), name: name, uid: nil, gid: nil, groups: [])
        #expect(try Self.read(Self.text).auth.denies(person) == isDenied)
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
        #expect(configuration.keys == "/etc/orrery/state/orrery.keys" && configuration.auditKept == nil)
        #expect(configuration.auth.allow.isEmpty && configuration.auth.session.idle == .seconds(12 * 3600))
    }

    @Test(
        arguments: [
            ("", .seconds(30 * 86400), .seconds(90 * 86400)),
            ("tokens: {max: 7d}", .seconds(7 * 86400), .seconds(7 * 86400)),
            ("tokens: {usual: 1h, max: 2d}", .seconds(3600), .seconds(2 * 86400)),
        ] as [(String, Duration, Duration)])
    func tokensLiveAsLongAsIsWritten(_ written: String, _ usual: Duration, _ max: Duration) throws {
        let text = Self.text.replacingOccurrences(
            of: "  admin: [operators]", with: "  admin: [operators]\n  \(written)")
        let limits = try Self.read(text).auth.tokens
        #expect(limits.usual == usual && limits.max == max)
    }

    @Test func anIssuerVouchesForCallsOnlyWhereThatIsWritten() throws {
        let silent = try Self.read(Self.text).auth.issuers[0]
        #expect(silent.api == nil)
        for (written, trust) in [
            ("{}", BearerTrust(audience: "https://hub.example.org")),
            (
                "{audience: https://other.example, any_audience: true}",
                BearerTrust(audience: "https://other.example", allowsEverybodys: true)
            ),
        ] {
            let text = Self.text.replacingOccurrences(
                of: "name: {claim: nick", with: "api: \(written)\n      name: {claim: nick")
            #expect(try Self.read(text).auth.issuers[0].api == trust)
        }
    }

    @Test(arguments: [
        ("  allow:", "  alow:", "orrery.yaml:6:3: auth: unknown key `alow`; did you mean `allow`?"),
        ("gids:", "gidz:", "unknown key `gidz`; did you mean `gid`?"),
        ("[developers, \"", "[develpers, \"", "unknown group `develpers`; did you mean `developers`?"),
        ("\"project:photoz\"", "\"project:\"", "unknown group `project:`"),
        ("admin: [operators]", "admin: [ops]", "unknown group `ops`"),
        ("admin: [operators]", "admin: [operators]\n  tokens: {usual: 2d, max: 1d}", "`usual` is longer than `max`"),
        ("admin: [operators]", "admin: [operators]\n  tokens: {max: 1s}", "less than a minute"),
        ("idle: 1h", "idle: 1 hour", "a span of time"), ("idle: 1h", "idle: 1s", "less than a minute"),
        ("url: https://Hub.Example.org", "url: https://hub.example.org/jh", "without a path"),
        ("\"127.0.0.1:9081\"", "9081", "an address and a port"),
        ("token: abc", "token: \"file:no-such\"", "cannot be read"),
        ("kind: wlcg", "kind: wclg", "unknown kind `wclg`; did you mean `wlcg`?"),
        ("issuer: https://wlcg.example/", "issuer: http://wlcg.example/", "an issuer is an https URL"),
        ("scopes: [openid, ", "scopes: [", "must contain openid"), ("client: hub, ", "", "`client` is missing"),
        ("[\"wlcg:/lab/developers\"", "[\"wclg:/lab/developers\"", "does not begin with the label of an issuer"),
        ("uid: 200000-299999", "uid: 299999-200000", "two numbers"),
        ("uid: 200000-299999", "uid: 0-100", "two numbers"),
        ("\"wlcg:7f3c\"", "\"eki:7f3c\"", "no issuer is labelled `eki`"),
        ("mallory", "Mallory", "a person's name here, or"), ("mallory", "\"wlcg:\"", "a person's name here, or"),
        ("token: t, namespace", "namespace", "either `token` or `certificate`"),
        (
            "token: t, namespace", "token: t, certificate: {chain: \"-----BEGIN C\", key: k}, namespace",
            "either `token` or `certificate`"
        ),
        ("\"https://south.example:6443\"", "south.example", "a URL that starts with"),
        ("gid: 5001", "gid: 0", "not between 1 and"),
        ("gid: 5001", "gid: 200001", "gid 200001 is within users.uid"),
        ("photoz: 5101", "photoz: 299999", "within users.uid"),
        ("[\"wlcg:/lab/operators\"]", "[\"wlcg:lab/operators\"]", "begins with a slash"),
        ("egi:urn:mace:egi.eu:group", "egi:urn:mace:egi.eu:role", "an entitlement such as"),
        ("egi:urn:mace:egi.eu:group", "egi:urn:geant:egi.eu:group", "outside the namespace"),
        ("github:lsst/developers", "github:developers", "organisation/team"),
        ("[read:org]", "[]", "not asked for groups"),
        (", namespace: \"urn:mace:egi.eu:\"", "", "`namespace` is missing"),
        ("\"urn:mace:egi.eu:\"", "egi.eu", "the namespace of the issuer's entitlements"),
        ("kind: wlcg, ", "kind: wlcg, namespace: \"urn:a:b\", ", "only kind aarc has a `namespace`"),
        ("method: post", "method: port", "unknown method `port`; did you mean `post`?"),
        ("type: github", "type: gitlab", "unknown type `gitlab`"),
        ("type: github", "type: github\n      groups: {claim: g}", "of type github has no `groups`"),
        ("secret: s3cret, scopes: [read:org]", "scopes: [read:org]", "a client of type github has a secret"),
        (
            "name: {prefix: gh-}", "name: {prefix: gh-}\n      require: {age: 1h}",
            "nothing that `require` could ask"
        ),
        ("name: {prefix: gh-}", "name: {prefix: gh-}\n      api: {audience: x}", "of type github has no `api`"),
        ("name: {claim: nick", "api: {audience: \"\"}\n      name: {claim: nick", "the audience is empty"),
        ("name: {claim: nick", "api: {any: true}\n      name: {claim: nick", "unknown key `any`"),
        (
            "name: {prefix: gh-}", "name: {prefix: gh-}\n      notebook: {scope: x}",
            "of type github has no `notebook`"
        ),
        ("name: {claim: nick", "notebook: {audience: x}\n      name: {claim: nick", "`scope` is missing"),
        (
            "name: {claim: nick", "notebook: {scope: \"a offline_access\"}\n      name: {claim: nick",
            "no `offline_access`"
        ),
        ("name: {claim: nick", "notebook: {scope: []}\n      name: {claim: nick", "scopes of a session's token"),
        (
            "name: {claim: nick", "notebook: {scope: a, exchange: often}\n      name: {claim: nick",
            "unknown exchange `often`"
        ),
        (
            "name: {claim: nick", "notebook: {scope: \"wlcg.groups a b\", exchange: no}\n      name: {claim: nick",
            "`login.scopes` has no a b"
        ),
        ("{acr: https://refeds.org/profile/mfa, age: 8h}", "{}", "requires nothing"),
        ("age: 8h", "age: 8s", "less than a minute"), ("idp: [urn:a, urn:b]", "idp: []", "met by nobody"),
        ("{assurance: [urn:low, urn:unique]}", "{asurance: x}", "unknown key `asurance`; did you mean `assurance`?"),
        ("https://egi.example/realms/egi", "https://wlcg.example", "`wlcg` and `egi` are the same issuer"),
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

    @Test func whatSessionsGetOfAnIssuerIsRead() throws {
        func grant(_ text: String) throws -> NotebookGrant? {
            let wrong = Self.text.replacingOccurrences(
                of: "name: {claim: nick", with: "notebook: \(text)\n      name: {claim: nick")
            return try Self.read(wrong).auth.issuers[0].notebook
        }
        #expect(try Self.read(Self.text).auth.issuers[0].notebook == nil)
        #expect(try grant("{scope: \"a:/ b\"}") == NotebookGrant(scopes: ["a:/", "b"]))
        #expect(
            try grant("{scope: [a], audience: x, resource: [https://y.test], exchange: yes, default: true}")
                == NotebookGrant(
                    scopes: ["a"], audiences: ["x"], resources: ["https://y.test"], exchange: .yes, isDefault: true))
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
