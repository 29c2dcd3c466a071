import Foundation
import OrreryDocument
import OrreryModel
import OrreryPocket
import Testing

@testable import OrreryAgent

/// The objects with which an agent comes into a cluster.
struct AgentManifestTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/agent")

    private static func objects(_ files: [String]) throws -> [JSON] {
        try files.flatMap { file in
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            return try text.components(separatedBy: "---\n").map { try JSON(DocumentNode.parse($0, file: file)) }
        }
    }

    @Test func theFilesAreWhatTheProgramPrints() throws {
        let files = ["namespaces.yaml", "rights.yaml", "policy.yaml", "networks.yaml", "agent.yaml"]
        #expect(try Self.objects(files) == AgentManifest().objects)
        #expect(try Self.objects(["nodes/nodes.yaml"]) == AgentManifest().capacity)
    }

    /// The hub prints the same list.
    @Test func sessionsReachNothingThatIsClosedToThem() throws {
        let sessions = try #require(
            AgentManifest().objects.first { $0["metadata"]?["name"]?.string == "orrery-sessions" })
        let blocks = sessions["spec"]?["egress"]?.array?.last?["to"]?.array?.compactMap { $0["ipBlock"] } ?? []
        let closed = blocks.map { $0["except"]?.array?.compactMap(\.string) ?? [] }
        #expect(closed == [ClosedNetworks.v4, ClosedNetworks.v6])
        // Through the first a machine that translates reaches every IPv4 address, the one with the credentials too.
        #expect(closed.joined().contains("64:ff9b::/96") && closed.joined().contains("127.0.0.0/8"))
    }

    @Test(arguments: [
        ("Bad_NS", "orrery", "r.example/a", "no namespace called `Bad_NS`"), ("a", "-b", "r.example/a", "`-b`"),
        ("same", "same", "r.example/a", "two namespaces"), ("a", "b", "a b", "`a b` is no name of an image"),
        ("a", "b", "", "is no name"), ("a", "b", "r.example/a@sha256:12", "is no name"),
    ])
    func whatNoClusterTakesIsAFlaw(_ namespace: String, _ sessions: String, _ image: String, _ words: String) {
        var manifest = AgentManifest()
        (manifest.namespace, manifest.sessions, manifest.image) = (namespace, sessions, image)
        #expect(manifest.flaw?.contains(words) == true)
    }

    @Test(arguments: [
        ("orrery-agent", true), ("site/orrery-agent:1", true), ("registry.example/orrery-agent", false),
        ("localhost/a", false), ("r:5000/a@sha256:" + String(repeating: "0", count: 64), false),
    ])
    func anImageWithoutARegistryIsDoubtful(_ image: String, _ isDoubtful: Bool) {
        var manifest = AgentManifest()
        manifest.image = image
        #expect(manifest.flaw == nil && (manifest.doubt != nil) == isDoubtful)
    }

    @Test func itsPolicyIsOne() throws {
        let policy = try SitePolicy(DocumentNode.parse(AgentManifest.policyText, file: "policy.yaml"))
        #expect(policy.maxima.cpu == CPUCount("8"))
        #expect(policy.pause == nil)
    }

    @Test func everyRightIsGrantedOnceAndExplained() throws {
        var manifest = AgentManifest()
        manifest.seesNodes = true
        let rules = manifest.objects.flatMap { $0["rules"]?.array ?? [] }
        #expect(rules == AgentRight.all.map(\.rule))
        let text = manifest.text(explaining: true)
        for right in AgentRight.all { #expect(text.contains(right.reason)) }
    }

    /// What the gate lets through and what the Role grants cannot drift apart.
    @Test func theRoleGrantsWhatTheGateLetsThrough() {
        let granted = AgentRight.all.filter { $0.place == .sessions }.flatMap { right in
            right.verbs.map { "\($0) \(right.resource)" }
        }
        #expect(Set(GateRule.all.map(\.title)) == Set(granted).subtracting(["list resourcequotas"]))
    }

    @Test func itIsAsRestrictedAsWhatItLetsIn() throws {
        let deployment = try #require(AgentManifest().objects.first { $0["kind"] == "Deployment" })
        let pod = try #require(deployment["spec"]?["template"]?["spec"])
        #expect(pod["securityContext"]?["runAsNonRoot"] == true)
        let security = pod["containers"]?.array?.first?["securityContext"]
        #expect(security?["capabilities"] == ["drop": ["ALL"]])
        #expect(security?["readOnlyRootFilesystem"] == true)
        #expect(deployment["spec"]?["replicas"] == 2)
    }
}
