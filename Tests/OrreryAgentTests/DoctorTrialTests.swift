import FoundationEssentials
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Synchronization
import Testing

@testable import OrreryAgent

/// The doctor's own sessions, on clusters that can and cannot keep the groups of an image out.
struct DoctorTrialTests {
    /// A cluster that answers calls about pods as told.
    private final class Pods: KubernetesTransport {
        enum Kind { case whole, oldRuntime, oldServer }

        let kind: Kind
        let pods = Mutex<[String: JSON]>([:])

        init(_ kind: Kind) { self.kind = kind }

        func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse {
            guard request.method == "POST" else {
                let name = String(request.url.split(separator: "?")[0].split(separator: "/").last ?? "")
                return pods.withLock { $0[name] }.map { answer(200, $0) } ?? answer(404, ["reason": "NotFound"])
            }
            guard var pod = request.body.flatMap({ try? JSONDecoder().decode(JSON.self, from: Data($0)) }) else {
                return answer(400, [:])
            }
            let isStrict = pod["spec"]?["securityContext"]?["supplementalGroupsPolicy"] == "Strict"
            if isStrict, kind == .oldServer {
                return answer(
                    400,
                    [
                        "kind": "Status", "reason": "BadRequest",
                        "message":
                            "strict decoding error: unknown field \"spec.securityContext.supplementalGroupsPolicy\"",
                    ])
            }
            pod["status"] =
                isStrict && kind == .oldRuntime
                ? [
                    "phase": "Failed", "reason": "SupplementalGroupsPolicyNotSupported",
                    "message": "SupplementalGroupsPolicy=Strict is not supported in this node",
                ] : ["phase": "Running", "podIP": "10.0.0.7"]
            pods.withLock { $0[pod["metadata"]?["name"]?.string ?? ""] = pod }
            return answer(201, pod)
        }

        func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
            throw FetchError(.cannotConnect, "no watches here", host: "api.test")
        }

        private func answer(_ status: Int, _ body: JSON) -> FetchResponse {
            FetchResponse(
                status: status, headers: FetchHeaders([("Content-Type", "application/json")]),
                body: Array((try? JSONEncoder().encode(body)) ?? Data()))
        }
    }

    private func doctor(_ kind: Pods.Kind, policy: String? = nil) -> Doctor {
        let access = ClusterAccess(
            name: "south", server: "http://api.test", token: Secret("none"), namespace: "orrery")
        return Doctor(
            client: KubernetesClient(access, transport: Pods(kind)), own: "orrery-agent",
            policy: SitePolicyKeeper(file: policy, logger: PocketRig.quiet), image: nil)
    }

    @Test(arguments: [(Pods.Kind.whole, true), (.oldRuntime, false), (.oldServer, false)])
    private func itStartsAsAnySessionDoes(_ kind: Pods.Kind, _ isStrict: Bool) async throws {
        let started = try await doctor(kind).start("1", "registry.example/python@sha256:1")
        let pod = try #require(started.pod)
        #expect(started.isStrict == isStrict && pod.status?.phase == "Running")
        #expect(Doctor.groups(of: pod).map(\.grade) == (isStrict ? [] : [.warning]))
    }

    @Test func aSiteThatBoundsGroupsHasNoSessionWithoutThePolicy() async throws {
        let directory = try await Self.written("gids: [20000-29999]\n")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let started = try await doctor(.oldRuntime, policy: "\(directory)/policy.yaml")
            .start("1", "registry.example/python@sha256:1")
        #expect(started.isStrict && started.pod?.status?.isRefusedForGroupsPolicy == true)
        await #expect(throws: KubernetesError.self) {
            try await doctor(.oldServer, policy: "\(directory)/policy.yaml")
                .start("2", "registry.example/python@sha256:1")
        }
    }

    private static func written(_ policy: String) async throws -> String {
        let directory = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data(policy.utf8).write(to: URL(filePath: "\(directory)/policy.yaml"))
        return directory
    }
}
