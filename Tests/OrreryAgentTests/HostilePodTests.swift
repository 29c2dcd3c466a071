import OrreryModel
import Testing

@testable import OrreryAgent

/// Pods that no site can allow, each one change away from one that passes.
struct HostilePodTests {
    struct Change: Sendable, CustomTestStringConvertible {
        let path: [Step]
        let value: JSON

        init(_ path: Step..., to value: JSON) { (self.path, self.value) = (path, value) }

        var testDescription: String { "\(path) \(value)" }
    }

    private static func volume(_ source: JSON) -> JSON { [source.with("evil", at: ["name"])] }

    private static func container(_ member: Step, to value: JSON) -> Change {
        Change("spec", "containers", 0, member, to: value)
    }

    private static func security(_ member: Step, to value: JSON) -> Change {
        Change("spec", "containers", 0, "securityContext", member, to: value)
    }

    private static func identity(_ member: Step, to value: JSON) -> Change {
        Change("spec", "securityContext", member, to: value)
    }

    private static func spec(_ member: Step, to value: JSON) -> Change { Change("spec", member, to: value) }

    static let ways: [Change] =
        [
            spec("hostNetwork", to: true), spec("hostPID", to: true), spec("hostIPC", to: true),
            spec("hostNetwork", to: "true"), spec("hostUsers", to: true), spec("shareProcessNamespace", to: true),
            spec("nodeName", to: "control-plane"), spec("serviceAccountName", to: "admin"),
            spec("serviceAccount", to: "admin"), spec("automountServiceAccountToken", to: true),
            spec("automountServiceAccountToken", to: .null), spec("ephemeralContainers", to: []),
            spec("initContainers", to: [["name": "x", "image": "y"]]), spec("hostAliases", to: []),
            spec("dnsConfig", to: [:]), spec("schedulerName", to: "mine"), spec("priority", to: 1),
            spec("affinity", to: [:]), spec("topologySpreadConstraints", to: []), spec("resourceClaims", to: []),
            spec("securityContext", to: .null), spec("activeDeadlineSeconds", to: .null),
            spec("activeDeadlineSeconds", to: "3600"), spec("restartPolicy", to: "Always"),
            spec("containers", to: []), spec("containers", to: "none"), spec("volumes", to: [:]),
            spec("tolerations", to: [["operator": "Exists"]]),
            spec("tolerations", to: [["key": "node-role.kubernetes.io/control-plane", "operator": "Exists"]]),
            spec("priorityClassName", to: "system-node-critical"), spec("runtimeClassName", to: "kata"),
            spec("tolerations", to: [["key": "maintenance", "operator": "Exists"]]),
            spec("imagePullSecrets", to: [["name": "smb-ada"]]),
            spec("imagePullSecrets", to: [["name": "registry", "namespace": "x"]]),
            spec("terminationGracePeriodSeconds", to: 31_536_000), spec("terminationGracePeriodSeconds", to: -1),
        ] + [
            security("privileged", to: true), security("allowPrivilegeEscalation", to: true),
            security("allowPrivilegeEscalation", to: .null), security("runAsUser", to: 0),
            security("runAsNonRoot", to: false), security("procMount", to: "Unmasked"),
            security("seLinuxOptions", to: [:]), security("seccompProfile", to: ["type": "Unconfined"]),
            security("appArmorProfile", to: ["type": "Unconfined"]), security("windowsOptions", to: [:]),
            security("capabilities", to: .null), security("capabilities", to: ["drop": ["NET_RAW"]]),
            security("capabilities", to: ["drop": ["ALL"], "add": ["SYS_ADMIN"]]),
        ] + [
            identity("runAsNonRoot", to: false), identity("runAsNonRoot", to: .null), identity("runAsUser", to: 0),
            identity("runAsGroup", to: 0), identity("runAsGroup", to: .null),
            identity("runAsUser", to: -1), identity("runAsUser", to: 1.5),
            identity("runAsUser", to: "1000"), identity("fsGroup", to: 0),
            identity("supplementalGroups", to: [3001, 0]),
            identity("fsGroupChangePolicy", to: "Always"), identity("sysctls", to: []),
            identity("seccompProfile", to: ["type": "Unconfined"]), identity("seccompProfile", to: .null),
            identity("seLinuxOptions", to: [:]),
        ] + [
            container("image", to: "registry.example/lab/jupyterlab:latest"), container("image", to: .null),
            container("image", to: "registry.example/lab/jupyterlab@sha256:4f1c"), container("envFrom", to: []),
            container("lifecycle", to: [:]), container("livenessProbe", to: [:]), container("startupProbe", to: [:]),
            container("volumeDevices", to: []), container("stdin", to: true), container("restartPolicy", to: "Always"),
            container("readinessProbe", to: ["exec": ["command": ["sh"]]]),
            container("readinessProbe", to: ["httpGet": ["host": "169.254.169.254", "port": 80]]),
            container("readinessProbe", to: ["tcpSocket": ["port": 22]]),
            container("ports", to: [["containerPort": 8888, "hostPort": 80]]),
            container("env", to: [["name": "A", "valueFrom": ["secretKeyRef": ["name": "smb-ada", "key": "p"]]]]),
            container("env", to: [["name": "A", "valueFrom": ["configMapKeyRef": ["name": "x", "key": "p"]]]]),
            container("resources", to: ["claims": []]),
            container("volumeMounts", to: [["name": "tmp", "mountPath": "/x", "mountPropagation": "Bidirectional"]]),
            container("volumeMounts", to: [["name": "tmp", "mountPath": "/x", "subPathExpr": "$(X)"]]),
        ]
        + [
            ["hostPath": ["path": "/"]], ["hostPath": ["path": "/srv/cvmfs/link"]],
            ["hostPath": ["path": "/srv/scratch/link"]], ["hostPath": ["path": "/srv/cvmfs/../../etc"]],
            ["hostPath": ["path": "/srv/cvmfs", "type": "DirectoryOrCreate"]],
            ["hostPath": ["path": "/var/run/docker.sock", "type": "Socket"]], ["hostPath": ["path": "srv/cvmfs"]],
            ["secret": ["secretName": "orrery-agent-key"]], ["secret": ["secretName": "smb-ada"]],
            ["secret": ["secretName": "nb-ada-01k0000000session00000000b-token"]],
            ["configMap": ["name": "site-policy"]],
            ["projected": ["sources": [["serviceAccountToken": ["path": "t"]]]]],
            ["csi": ["driver": "smb.csi.k8s.io", "nodePublishSecretRef": ["name": "x"]]],
            ["csi": ["driver": "secrets-store.csi.k8s.io"]], ["nfs": ["server": "nfs.north", "path": "/"]],
            ["nfs": ["server": "nfs.north", "path": "/exports/../home"]],
            ["nfs": ["server": "nfs.north", "path": "/exports/link"]],
            ["nfs": ["server": "nfs.east", "path": "/exports"]],
            ["ephemeral": [:]], ["downwardAPI": [:]], ["glusterfs": [:]], ["flexVolume": [:]], ["iscsi": [:]],
            ["rbd": [:]],
            ["gitRepo": ["repository": "x"]], ["emptyDir": [:], "hostPath": ["path": "/srv/cvmfs"]],
            ["image": ["reference": "evil.example/x@sha256:1"]], [:],
        ].map { spec("volumes", to: volume($0)) }

    @Test(arguments: ways) func isRefusedWhateverTheSiteWrites(_ change: Change) throws {
        let policy = try PolicySamples.policy(PolicySamples.roomy)
        let pod = try PolicySamples.standard()
        #expect(policy.refusals(of: pod) == [])
        let refusals = policy.refusals(of: pod.with(change.value, at: change.path[...]))
        #expect(!refusals.isEmpty)
        #expect(refusals.allSatisfy { $0.hasPrefix("South ") && $0.hasSuffix(".") })
    }
}
