import OrreryModel
import Testing

@testable import OrreryIdentity

@Suite struct EntitlementTests {
    /// What is said, what is wanted, and whether the one satisfies the other.
    struct Pair: Sendable, CustomTestStringConvertible {
        let said: String
        let wanted: String
        let holds: Bool
        init(_ said: String, _ wanted: String, _ holds: Bool) {
            (self.said, self.wanted, self.holds) = (said, wanted, holds)
        }
        var testDescription: String { "\(said) for \(wanted)" }
    }

    static let vo = "urn:mace:egi.eu:group:vo.example.org"

    static let pairs: [Pair] = [
        Pair(vo, vo, true), Pair("\(vo):a:b", "\(vo):a", true), Pair("\(vo):a:b", "\(vo):a:b", true),
        Pair("\(vo):a:b:c", "\(vo):a", true), Pair("\(vo):a", "\(vo):a:b", false), Pair("\(vo):a", "\(vo):b", false),
        Pair("\(vo):ab", "\(vo):a", false), Pair(vo, "urn:mace:egi.eu:group:vo.example", false),
        // A role says membership, and is a role in its own group only.
        Pair("\(vo):role=member", vo, true), Pair("\(vo):role=member", "\(vo):role=member", true),
        Pair("\(vo):role=member", "\(vo):role=manager", false), Pair(vo, "\(vo):role=member", false),
        Pair("\(vo):a:role=member", "\(vo):role=member", false), Pair("\(vo):a:role=member", "\(vo):a", true),
        Pair("\(vo):a:role=member", vo, true), Pair("\(vo):role=a:b", "\(vo):role=a:b", true),
        Pair("\(vo):role=a:b", "\(vo):role=a", false),
        // Who vouches is not compared; case counts in groups and not in the namespace.
        Pair("\(vo)#aai.egi.eu", vo, true), Pair(vo, "\(vo)#aai.egi.eu", true),
        Pair("\(vo)#a", "\(vo)#b", true), Pair("URN:MACE:EGI.EU:group:vo.example.org", vo, true),
        Pair("urn:mace:egi.eu:group:VO.example.org", vo, false), Pair("\(vo):role=Member", "\(vo):role=member", false),
        Pair("urn:geant:egi.eu:group:vo.example.org", vo, false),
        Pair("urn:mace:other.eu:group:vo.example.org", vo, false),
        Pair("urn:mace:egi.eu:sub:group:x", "urn:mace:egi.eu:sub:group:x", true),
        Pair("urn:mace:egi.eu:group:x", "urn:mace:egi.eu:sub:group:x", false),
        // Percent-encodings stay and compare without case; what they encode does not become structure.
        Pair("\(vo):a%2fb", "\(vo):a%2Fb", true), Pair("\(vo):a%3Arole=admin", "\(vo):role=admin", false),
        Pair("\(vo):a%3Ab", "\(vo):a", false),
    ]

    @Test(arguments: pairs) func satisfies(_ pair: Pair) throws {
        let (said, wanted) = (try #require(Entitlement(pair.said)), try #require(Entitlement(pair.wanted)))
        #expect((said.filling(wanted) != nil) == pair.holds)
    }

    static let strangers = [
        "", "urn", "urn:mace:egi.eu", "urn:mace:egi.eu:group", "urn:mace:egi.eu:group:", "urn:mace:egi.eu:group::a",
        "urn:mace::group:a", "urn:group:group:a", "urn:mace:egi.eu:res:cpu:act:use#egi.eu", "\(vo):role=", "\(vo):",
        "urn:mace:egi.eu:aai.egi.eu:member@vo.example.org", "\(vo)#", "\(vo) ", "\(vo):ä", "/vo/a", "\(vo):a%",
        "\(vo):%zz",
        "\(vo):a%2", "urn:mace:egi.eu?+x:group:a", "urn:mace:egi.eu:group:role=member", "xurn:mace:egi.eu:group:a",
        "\(vo)\n", "\(vo)\u{0}",
    ]

    @Test(arguments: strangers) func isNoGroup(_ text: String) { #expect(Entitlement(text) == nil) }

    /// `urn:mace:egi.eu:group:evil:group:admins` is the group `admins` in the group `group` of `evil`: whoever may
    /// name groups below one's own must not get into a namespace by it.
    @Test func aGroupCalledGroupMovesNoBorder() throws {
        let said = try #require(Entitlement("urn:mace:egi.eu:group:evil:group:admins"))
        #expect(said.groups == ["evil", "group", "admins"] && said.namespace == ["mace", "egi.eu"])
        let admins = try #require(Entitlement("urn:mace:egi.eu:group:admins"))
        #expect(said.filling(admins) == nil)
    }

    @Test func aSubNamespaceIsAnother() throws {
        let said = try #require(Entitlement("urn:mace:egi.eu:sub:group:x"))
        #expect(said.filling(try #require(Entitlement("urn:mace:egi.eu:group:x"))) == nil)
    }

    static let holes: [(String, String, String?)] = [
        ("\(vo):project:photoz", "\(vo):project:{g}", "photoz"),
        ("\(vo):project:photoz:sub:role=member", "\(vo):project:{g}", "photoz"),
        ("\(vo):project:photoz:role=member", "\(vo):project:{g}:role=member", "photoz"),
        ("\(vo):project:photoz:sub:role=member", "\(vo):project:{g}:role=member", nil),
        ("\(vo):project", "\(vo):project:{g}", nil), ("\(vo):project:a%2Fb", "\(vo):project:{g}", nil),
        ("\(vo):project:..", "\(vo):project:{g}", nil), ("\(vo):p-calib:x", "\(vo):p-{g}", "calib"),
        ("\(vo):{g}", "\(vo):{g}", nil),
    ]

    @Test(arguments: holes) func aHoleStandsForOneGroup(_ said: String, _ wanted: String, _ name: String?) throws {
        #expect(try #require(Entitlement(said)).filling(try #require(Entitlement(wanted))) == name)
    }

    static let namespaces: [(String, String, Bool)] = [
        ("urn:mace:egi.eu:", vo, true), ("urn:mace:egi.eu", vo, true), ("URN:mace:egi.eu:group:", vo, true),
        ("urn:mace:egi.eu", "urn:mace:egi.eu:sub:group:a", true),
        ("urn:mace:egi.eu", "urn:mace:egi.eu.evil.org:group:a", false),
        ("urn:mace:egi.eu:sub", vo, false), ("urn:geant:helmholtz.de", vo, false),
    ]

    @Test(arguments: namespaces) func anIssuerSpeaksForItsNamespaceOnly(
        _ namespace: String, _ said: String, _ isOwn: Bool
    ) throws {
        let namespace = try #require(EntitlementNamespace(namespace))
        #expect(namespace.contains(try #require(Entitlement(said))) == isOwn)
    }

    @Test(arguments: ["", "urn:", "urn:mace", "urn:mace:", "mace:egi.eu", "urn::egi.eu", "urn:mace:egi.eu:{g}"])
    func isNoNamespace(_ text: String) { #expect(EntitlementNamespace(text) == nil) }
}
