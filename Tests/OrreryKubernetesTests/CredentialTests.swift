import FoundationEssentials
import Logging
import OrreryFetch
import OrreryModel
import Synchronization
import Testing

@testable import OrreryKubernetes

@Suite struct CredentialTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "cred-\(UUID().uuidString)")
    private let clock = ManualClock()

    init() throws { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }

    private func write(_ text: String, to name: String) throws -> String {
        let file = directory.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private func client(_ credential: Credential, _ transport: ScriptedTransport, authority: Authority = .system)
        -> KubernetesClient
    {
        KubernetesClient(
            ClusterAccess(
                name: "north", server: "https://api.test", credential: credential, authority: authority,
                namespace: "hub"), transport: transport, time: Timekeeper(clock))
    }

    @Test func aTokenInAFileIsReadAgainAfterAMinute() async throws {
        let path = try write("first\n", to: "token")
        let transport = ScriptedTransport(Array(repeating: .json(200, podText("a")), count: 3))
        let client = client(.tokenFile(path), transport)
        _ = try await client.get(Pod.self, "a")
        _ = try write("second\n", to: "token")
        _ = try await client.get(Pod.self, "a")
        clock.advance(by: .seconds(61))
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == ["first", "first", "second"])
    }

    @Test func a401ReadsTheFileAgainAtOnceAndTriesOnce() async throws {
        let path = try write("first", to: "token")
        let refused = ScriptedTransport.Reply.refusal(401, "Unauthorized", "Unauthorized")
        let transport = ScriptedTransport([.json(200, podText("a")), refused, .json(200, podText("a")), refused])
        let client = client(.tokenFile(path), transport)
        _ = try await client.get(Pod.self, "a")
        _ = try write("second", to: "token")
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == ["first", "first", "second"])
        // Nothing else to show: the refusal is the answer.
        await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") }
        #expect(transport.calls.count == 4)
    }

    @Test func aFileThatIsAwayForAMomentLeavesWhatWasRead() async throws {
        let path = try write("first", to: "token")
        let transport = ScriptedTransport(Array(repeating: .json(200, podText("a")), count: 2))
        let client = client(.tokenFile(path), transport)
        _ = try await client.get(Pod.self, "a")
        try FileManager.default.removeItem(atPath: path)
        clock.advance(by: .seconds(61))
        _ = try await client.get(Pod.self, "a")
        #expect(transport.tokens == ["first", "first"])
    }

    @Test func aFileThatWasNeverThereIsSaidToBeOurs() async throws {
        let client = client(.tokenFile("/no/such/token"), ScriptedTransport([]))
        let error = await #expect(throws: KubernetesError.self) { try await client.get(Pod.self, "a") }
        #expect(error == .badRequest("the file /no/such/token with this hub's credential cannot be read"))
    }

    @Test func aCertificateAndAnAuthorityThatWereExchangedAreTaken() async throws {
        let (chain, key) = (try write("chain-1", to: "chain"), try write("key-1", to: "key"))
        let authority = try write("ca-1", to: "ca")
        let transport = ScriptedTransport(Array(repeating: .json(200, podText("a")), count: 2))
        let client = client(.certificateFiles(chain: chain, key: key), transport, authority: .file(authority))
        _ = try await client.get(Pod.self, "a")
        _ = try write("chain-2", to: "chain")
        _ = try write("ca-1ca-2", to: "ca")
        clock.advance(by: .seconds(61))
        _ = try await client.get(Pod.self, "a")
        #expect(
            transport.requests.map(\.client) == [
                ClientCertificate(chain: "chain-1", key: "key-1"), ClientCertificate(chain: "chain-2", key: "key-1"),
            ])
        #expect(transport.requests.map(\.trust) == [.authority(pem: "ca-1"), .authority(pem: "ca-1ca-2")])
    }

    @Test func thePodsOwnAccountIsFoundWhereTheKubeletPutsIt() throws {
        _ = try write("t", to: "token")
        _ = try write("hub\n", to: "namespace")
        let access = try ClusterAccess.inCluster(
            name: "north", directory: directory.path,
            environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"])
        #expect(access.server == "https://[fd00::1]:443")
        #expect(access.namespace == "hub")
        #expect(access.authority == .file(directory.path + "/ca.crt"))
        for environment in [[:], ["KUBERNETES_SERVICE_HOST": "10.0.0.1"]] {
            #expect(throws: KubernetesError.self) {
                try ClusterAccess.inCluster(name: "n", directory: directory.path, environment: environment)
            }
        }
    }
}

extension ScriptedTransport {
    /// The bearer tokens that were shown, in order.
    var tokens: [String] {
        requests.compactMap { request in
            request.headers.first { $0.name == "Authorization" }.map { String($0.value.dropFirst("Bearer ".count)) }
        }
    }
}
