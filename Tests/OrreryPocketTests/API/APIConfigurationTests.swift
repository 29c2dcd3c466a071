import Foundation
import OrreryDocument
import OrreryModel
import Testing

@testable import OrreryPocket

@Suite struct APIConfigurationTests {
    private static func read(_ text: String, _ directory: TemporaryDirectory) throws -> PocketConfiguration {
        let path = directory.path + "/pocket.yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try PocketConfiguration.read(file: path)
    }

    private static let least = """
        cluster: north
        listen: 127.0.0.1:16443
        state: state
        addresses: 127.21.0.0/16

        """

    @Test func theLeastConfigurationHasDefaults() throws {
        let directory = try TemporaryDirectory()
        let configuration = try Self.read(Self.least, directory)
        #expect(configuration.node.name == "pocket-north")
        #expect(configuration.state == directory.path + "/state")
        #expect(configuration.hostPaths.isEmpty && configuration.tokens.isEmpty)
    }

    @Test func thePageShowsAConfigurationThatWorks() throws {
        let directory = try TemporaryDirectory()
        for name in ["operator", "hub"] {
            try "secret of \(name)\n".write(
                toFile: "\(directory.path)/\(name).token", atomically: true, encoding: .utf8)
        }
        try "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: hub}, spec: {hard: {pods: '4'}}}"
            .write(toFile: directory.path + "/quota.yaml", atomically: true, encoding: .utf8)
        let page = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "../../../docs/pocket.md")
        let text = try String(contentsOf: page.standardized, encoding: .utf8)
        let parts = text.split(separator: "```")
        let example = try #require(parts.first { $0.hasPrefix("yaml") }).dropFirst(5)
        let configuration = try Self.read(String(example), directory)
        #expect(configuration.tokens.map(\.name) == ["operator", "system:serviceaccount:hub:hub"])
        #expect(configuration.volumes.first?.claim?.namespace == "hub")
        #expect(configuration.objects.first?["spec"]?["hard"]?["pods"] == "4")
        let store = try ObjectStore(directory: configuration.state)
        try Seed.plant(configuration, in: store)
        #expect(store.list(.resourcequotas, namespace: "hub").objects.count == 1)
    }

    @Test(arguments: [
        ("imges: []", "did you mean `images`"), ("images: [{name: a, tag: b}]", "either an `environment` or a `root`"),
        ("images: [{name: a, root: /}]", "needs a `tag`, a `digest`, or both"),
        ("images: [{name: a, root: /, digest: sha256:12}]", "64 hexadecimal digits"),
        ("tokens: [{name: a, token: b}]", "rules"),
        (
            "tokens: [{name: a, token: b, namespace: c, rules: [{resources: [pods], verbs: [gett]}]}]",
            "did you mean `get`"
        ),
        ("tokens: [{name: a, token: b, admin: true, namespace: hub}]", "either `admin: true` or"),
        ("volumes: [{name: a, directory: /srv, claim: home}]", "`namespace/name`"),
    ])
    func aMistakeIsSaidWithItsPlace(line: String, sentence: String) throws {
        let directory = try TemporaryDirectory()
        #expect {
            _ = try Self.read(Self.least + line + "\n", directory)
        } throws: {
            "\($0)".contains(sentence) && "\($0)".contains("pocket.yaml:5:")
        }
    }

    @Test(arguments: ["0.0.0.0:80", "127.0.0.1", "10.1.1.1:6443", "127.0.0.1:99999"])
    func onlyLoopbackIsListenedOn(address: String) throws {
        let directory = try TemporaryDirectory()
        let text = Self.least.replacing("127.0.0.1:16443", with: address)
        #expect(throws: DocumentError.self) { try Self.read(text, directory) }
    }

    @Test(arguments: ["127.21.0.0/16", "127.0.0.0/8", "127.1.2.252/30"])
    func blocksOfLoopbackAddresses(text: String) {
        #expect(PocketConfiguration.AddressRange(text) != nil)
    }

    @Test(arguments: ["10.0.0.0/8", "127.21.0.1/16", "127.0.0.0/7", "127.0.0.0/31", "127.0.0/16", "127.0.0.0", "x/8"])
    func whatIsNoneIsNone(text: String) {
        #expect(PocketConfiguration.AddressRange(text) == nil)
    }
}
