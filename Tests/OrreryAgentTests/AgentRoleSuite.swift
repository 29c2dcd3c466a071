import Foundation
import HummingbirdCore
import Logging
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Synchronization
import Testing

@testable import OrreryAgent

/// A real cluster, for the suite that wants one.
///
/// | variable | |
/// |---|---|
/// | `ORRERY_TEST_AGENT_URL` `_TOKEN` `_CA` | the API server, as the agent's account |
/// | `ORRERY_TEST_AGENT_SESSIONS` `_OWN` | the two namespaces |
/// | `ORRERY_TEST_AGENT_IMAGE` | an image by digest |
private enum AgentGround {
    static var isGiven: Bool { value("URL") != nil }

    static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment["ORRERY_TEST_AGENT_\(name)"]
    }
}

/// All that an agent and a hub behind it do at a real cluster, within the rights of `deploy/agent`: `Tests/Product/test_role.py`
/// runs it with them, where it has to pass, and once without each one, where it has to fail.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: AgentGround.isGiven, "ORRERY_TEST_AGENT_… is not given"))
struct AgentRoleSuite {
    @Test func everyRightIsEnoughAndUsed() async throws {
        let way = NotedWay()
        let agent = try Self.client(way)
        try await Self.own(agent)
        let (ports, listening) = AsyncStream.makeStream(of: Int?.self)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let gate = APIGate(
            address: .hostname("127.0.0.1", port: 0), client: agent,
            policy: SitePolicyKeeper(file: nil, logger: quiet), logger: quiet, onListening: { listening.yield($0) })
        try await serving(gate) {
            for await port in ports {
                let access = ClusterAccess(
                    name: "south", server: "http://127.0.0.1:\(port ?? 0)", token: Secret("none"),
                    namespace: agent.namespace)
                try await Self.life(KubernetesClient(access, transport: Fetcher()))
                break
            }
        }
        #expect(way.refused.isEmpty)
    }

    private static func client(_ way: NotedWay) throws -> KubernetesClient {
        let ca = try AgentGround.value("CA").map { try String(contentsOfFile: $0, encoding: .utf8) }
        let access = ClusterAccess(
            name: "south", server: AgentGround.value("URL") ?? "", token: Secret(AgentGround.value("TOKEN") ?? ""),
            authority: ca,
            namespace: AgentGround.value("SESSIONS") ?? "")
        return KubernetesClient(access, transport: way)
    }

    /// What the agent does for itself.
    private static func own(_ agent: KubernetesClient) async throws {
        let secrets = "/api/v1/namespaces/\(AgentGround.value("OWN") ?? "")/secrets"
        let json = [(name: "Content-Type", value: "application/json")]
        let patch = [(name: "Content-Type", value: "application/merge-patch+json")]
        let key = #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"orrery-agent-key"}}"#
        for (method, path, headers, body) in [
            ("POST", secrets, json, key), ("GET", secrets + "/orrery-agent-key", [], nil),
            ("PATCH", secrets + "/orrery-agent-key", patch, #"{"stringData":{"since":"1"}}"#),
            ("GET", "/api/v1/namespaces/kube-system", [], nil),
            ("GET", "/api/v1/namespaces/\(agent.namespace)/resourcequotas", [], nil),
        ] as [(String, String, [(name: String, value: String)], String?)] {
            let answer = try await agent.relay(method, path, headers: headers, body: body.map { Array($0.utf8) })
            let text = String(decoding: try await answer.collect(upTo: 1 << 20), as: UTF8.self)
            try #require((200..<300).contains(answer.status), "\(method) \(path): \(text)")
        }
    }

    /// What a hub does, from the first list to the search for what is left.
    private static func life(_ hub: KubernetesClient) async throws {
        let own = Selection(labels: "orrery.io/hub=orrery")
        let about = Selection(fields: "involvedObject.kind=Pod")
        let name = "nb-ada-\(UUID().uuidString.lowercased().prefix(8))"
        func mark(_ name: String) -> ObjectMeta { ObjectMeta(name: name, labels: ["orrery.io/hub": "orrery"]) }
        let before = try await hub.list(Pod.self, own)
        _ = try await hub.list(ClusterEvent.self, about)
        _ = try await hub.create(SecretObject(metadata: mark(name + "-tokens"), texts: ["a": Secret("b")]))
        _ = try await hub.patch(
            SecretObject.self, name + "-tokens", with: JSON.object(["stringData": .object(["a": "c"])]))
        _ = try await hub.create(ConfigMap(metadata: mark(name + "-accounts"), data: ["passwd": "x"]))
        let claim = PersistentVolumeClaim(
            metadata: mark("jhome." + name.dropFirst(7)),
            spec: PersistentVolumeClaim.Spec(
                accessModes: ["ReadWriteOnce"], storageClassName: nil,
                resources: ResourceRequirements(requests: ["storage": "1Mi"])))
        _ = try await hub.create(claim)
        _ = try await hub.get(PersistentVolumeClaim.self, claim.metadata.name ?? "")
        var pod = APIGateTests.pod(name, hub: "orrery")
        pod.spec.containers[0].image = AgentGround.value("IMAGE")
        pod.spec.containers[0].command = ["python3", "-c", "print('up')"]
        let made = try await hub.create(pod)
        let version = try #require(before.metadata.resourceVersion)
        for try await _ in try await hub.watch(Pod.self, own, after: version, timeout: .seconds(60)) { break }
        for try await _ in try await hub.watch(ClusterEvent.self, about, after: version, timeout: .seconds(60)) {
            break
        }
        _ = try await hub.get(Pod.self, name)
        try await logs(hub, name)
        try await hub.delete(Pod.self, name, uid: made.metadata.uid, grace: .zero)
        try await hub.delete(SecretObject.self, name + "-tokens")
        #expect(try await hub.list(ConfigMap.self, own).items.count >= 1)
        try await hub.delete(ConfigMap.self, name + "-accounts")
    }

    /// A container that has not begun yet has none, which is an answer too.
    private static func logs(_ hub: KubernetesClient, _ name: String) async throws {
        do { _ = try await hub.logTail(of: name, container: "notebook", lines: 5) } catch {
            guard error.refusal?.code == 400 else { throw error }
        }
    }
}

/// The way to the cluster, which notes what was refused for want of a right.
private final class NotedWay: KubernetesTransport {
    private let fetcher = Fetcher()
    private let notes = Mutex<[String]>([])

    var refused: [String] { notes.withLock { $0 } }

    func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse { try await fetcher.fetch(request) }

    func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
        let answer: StreamedAnswer = try await fetcher.stream(request)
        if answer.status == 401 || answer.status == 403 {
            notes.withLock { $0.append("\(answer.status): \(request.method) \(request.url)") }
        }
        return answer
    }
}
