import OrreryKubernetes
import Testing

@testable import OrrerySpawn

@Suite struct WallTests {
    static let wanted = PodBuilder(
        session: Sample.session(), variables: [:], settings: SpawnSettings(), hasTokens: true
    ).pod()

    @Test func whatAServerAddsIsNoBreach() {
        var made = Self.wanted
        made.spec.nodeName = "node-1"
        made.spec.containers.append(Container(name: "sidecar", image: "i"))
        made.spec.volumes?.append(.scratch("more"))
        made.spec.containers[0].volumeMounts?.append(VolumeMount(name: "more", mountPath: "/more"))
        #expect(Wall.breaches(in: made, wanted: Self.wanted).isEmpty)
    }

    @Test(arguments: Change.all)
    func everyChangeOfAWallIsABreach(_ change: Change) {
        var made = Self.wanted
        change.make(&made)
        let breaches = Wall.breaches(in: made, wanted: Self.wanted)
        #expect(breaches.count == 1)
        #expect(breaches.first?.hasPrefix(change.words) == true, "\(breaches)")
    }
}

/// One thing that a cluster did with a pod, and how its breach begins.
struct Change: Sendable, CustomTestStringConvertible {
    let words: String
    let make: @Sendable (inout Pod) -> Void

    init(_ words: String, _ make: @escaping @Sendable (inout Pod) -> Void) {
        self.words = words
        self.make = make
    }

    var testDescription: String { words }

    static let all: [Change] = [
        Change("supplementalGroupsPolicy") { $0.spec.securityContext?.supplementalGroupsPolicy = nil },
        Change("runAsUser") { $0.spec.securityContext?.runAsUser = 0 },
        Change("runAsGroup") { $0.spec.securityContext?.runAsGroup = nil },
        Change("supplementalGroups") { $0.spec.securityContext?.supplementalGroups = [3001] },
        Change("fsGroup") { $0.spec.securityContext?.fsGroup = 100 },
        Change("seccompProfile") { $0.spec.securityContext?.seccompProfile = nil },
        Change("hostNetwork") { $0.spec.hostNetwork = true },
        Change("automountServiceAccountToken") { $0.spec.automountServiceAccountToken = nil },
        Change("image") { $0.spec.containers[0].image = "other" },
        Change("command") { $0.spec.containers[0].command = ["sh"] },
        Change("the container's runAsUser") { $0.spec.containers[0].securityContext?.runAsUser = 0 },
        Change("privileged") { $0.spec.containers[0].securityContext?.privileged = true },
        Change("allowPrivilegeEscalation") { $0.spec.containers[0].securityContext?.allowPrivilegeEscalation = nil },
        Change("dropped capabilities") { $0.spec.containers[0].securityContext?.capabilities = nil },
        Change("/project/shared is writable") { $0.spec.containers[0].volumeMounts?[6].readOnly = nil },
        Change("/home/ada shows something else") { $0.spec.containers[0].volumeMounts?[5].subPath = "grace" },
        Change("/home/ada is not mounted") { _ = $0.spec.containers[0].volumeMounts?.remove(at: 5) },
        Change("the volume data-2 is another one") { $0.spec.volumes?[6].persistentVolumeClaim?.readOnly = nil },
        Change("/run/orrery/tokens is writable") { $0.spec.containers[0].volumeMounts?[4].readOnly = nil },
        Change("the volume tokens is another one") { $0.spec.volumes?[3].secret?.secretName = "other" },
        Change("the container notebook is missing") { $0.spec.containers[0].name = "other" },
    ]
}
