import FoundationEssentials
import OrreryKubernetes
import OrreryModel

/// The doctor's own sessions: as small and as strict as a pod can be, within the site's policy.
struct TrialPod: Sendable {
    let name: String
    let pod: Pod

    /// Answers HTTP on port 8888: `/bulk` with as many bytes as `bulk` says. Strict keeps the groups of its image out.
    static func server(_ mark: String, image: String, policy: SitePolicy, isStrict: Bool = true) -> TrialPod {
        TrialPod("nb-doctor-\(mark)-\(isStrict ? "a" : "c")", image, policy, serving, isStrict)
    }

    /// Tries to reach `address`, and the address where clouds give out credentials, and ends with 10, and 1 more for the one
    /// and 2 more for the other.
    static func neighbour(
        _ mark: String, of address: String, image: String, policy: SitePolicy, isStrict: Bool
    ) -> TrialPod {
        TrialPod("nb-doctor-\(mark)-b", image, policy, reaching.replacing("ADDRESS", with: address), isStrict)
    }

    /// What the pods of one examination are called.
    static func names(_ mark: String) -> [String] { ["a", "b", "c"].map { "nb-doctor-\(mark)-\($0)" } }

    static let port: UInt16 = 8888
    static let bulk = 32 << 20

    private init(_ name: String, _ image: String, _ policy: SitePolicy, _ program: String, _ isStrict: Bool) {
        self.name = name
        var container = Container(name: "notebook", image: image)
        container.imagePullPolicy = "IfNotPresent"
        container.command = ["python3", "-c", program]
        container.ports = [ContainerPort(name: "notebook", containerPort: Int(Self.port))]
        let room = ["cpu": "100m", "memory": "64Mi"]
        container.resources = ResourceRequirements(requests: room, limits: ["cpu": "500m", "memory": "128Mi"])
        container.securityContext = .restricted
        container.env = [EnvironmentVariable("POD_IP", from: .field("status.podIP"))]
        var spec = PodSpec(containers: [container])
        var context = PodSecurityContext()
        context.runAsNonRoot = true
        context.runAsUser = Self.identifier(policy.uids)
        context.runAsGroup = Self.identifier(policy.gids)
        if isStrict { context.supplementalGroupsPolicy = "Strict" }
        context.seccompProfile = SeccompProfile(type: "RuntimeDefault")
        spec.securityContext = context
        spec.restartPolicy = "Never"
        spec.automountServiceAccountToken = false
        spec.enableServiceLinks = false
        // Gone in five minutes even if the doctor is not there to remove it.
        spec.activeDeadlineSeconds = 300
        spec.terminationGracePeriodSeconds = 1
        pod = Pod(metadata: ObjectMeta(name: name, labels: ["orrery.io/hub": policy.hub]), spec: spec)
    }

    /// The pod as the policy sees one.
    func json() throws -> JSON { try JSONDecoder().decode(JSON.self, from: try JSONEncoder().encode(pod)) }

    private static func identifier(_ ranges: [ClosedRange<Int64>]) -> Int64 {
        ranges.contains { $0.contains(65_532) } ? 65_532 : ranges.first?.upperBound ?? 65_532
    }

    private static let serving = """
        import http.server, os
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = bytes(\(bulk)) if self.path == "/bulk" else b"well"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        http.server.ThreadingHTTPServer((os.environ.get("POD_IP") or "0.0.0.0", \(port)), Answer).serve_forever()
        """

    private static let reaching = """
        import socket, sys
        found = 10
        for weight, place in ((1, ("ADDRESS", \(port))), (2, ("169.254.169.254", 80))):
            try:
                socket.create_connection(place, 5).close()
                found += weight
            except OSError:
                pass
        sys.exit(found)
        """
}
