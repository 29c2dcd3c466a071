import OrreryKubernetes
import OrreryModel
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
        #expect(Wall.breaches(in: made, wanted: Self.wanted, byGroups: ["/shared"]).isEmpty)
    }

    @Test(arguments: Change.all)
    func everyChangeOfAWallIsABreach(_ change: Change) {
        var made = Self.wanted
        change.make(&made)
        let breaches = Wall.breaches(in: made, wanted: Self.wanted, byGroups: ["/shared"])
        #expect(breaches.count == 1)
        #expect(breaches.first?.hasPrefix(change.words) == true, "\(breaches)")
    }

    /// Servers before Kubernetes 1.33 drop the field; where the mounts alone keep people apart, that is no breach.
    @Test func aGroupOfTheImageBreaksOnlyTheWallsThatAreMadeOfGroups() {
        var made = Self.wanted
        made.spec.securityContext?.supplementalGroupsPolicy = nil
        #expect(Wall.breaches(in: made, wanted: Self.wanted, byGroups: []).isEmpty)
        #expect(
            Wall.breaches(in: made, wanted: Self.wanted, byGroups: ["/data", "/shared"]) == [
                "supplementalGroupsPolicy is absent instead of Strict, and owners and modes of files keep people apart in "
                    + "/data, /shared"
            ])
        made.spec.securityContext?.supplementalGroupsPolicy = "Merge"
        #expect(
            Wall.breaches(in: made, wanted: Self.wanted, byGroups: [])
                == ["supplementalGroupsPolicy is Merge instead of Strict"])
    }

    /// Every kind of source once, with what may be mounted inside.
    static let sources = SourceTests.builder(
        [
            Plan.Mount(
                fileset: "a", path: "/a", isReadOnly: true, source: SourceTests.exports, subPath: nil, inner: .readOnly),
            Plan.Mount(
                fileset: "b", path: "/b", isReadOnly: true,
                source: .csi(Plan.DriverVolume(driver: "smb.csi.k8s.io", attributes: ["source": "//fs/ada"])),
                subPath: nil, inner: .followed),
            Plan.Mount(
                fileset: "c", path: "/c", isReadOnly: true, source: .image("registry.example/stack@sha256:4f1c"),
                subPath: nil),
            Plan.Mount(fileset: "d", path: "/d", isReadOnly: true, source: .hostPath("/srv/d"), subPath: nil),
            Plan.Mount(
                fileset: "e", path: "/e", isReadOnly: false, source: .ownClaim(SourceTests.claim), subPath: nil),
        ], volumeGroup: 20_001
    ).pod()

    @Test(arguments: Change.ofSources)
    func everyChangeOfASourceIsABreach(_ change: Change) {
        var made = Self.sources
        #expect(Wall.breaches(in: made, wanted: Self.sources, byGroups: []).isEmpty)
        change.make(&made)
        let breaches = Wall.breaches(in: made, wanted: Self.sources, byGroups: [])
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

extension Change {
    private static func mount(_ words: String, _ index: Int, _ make: @escaping @Sendable (inout VolumeMount) -> Void)
        -> Change
    {
        Change(words) { pod in
            guard var mount = pod.spec.containers[0].volumeMounts?[4 + index] else { return }
            make(&mount)
            pod.spec.containers[0].volumeMounts?[4 + index] = mount
        }
    }

    private static func volume(_ index: Int, _ make: @escaping @Sendable (inout Volume) -> Void) -> Change {
        Change("the volume data-\(index) is another one") { pod in
            guard var volume = pod.spec.volumes?[3 + index] else { return }
            make(&volume)
            pod.spec.volumes?[3 + index] = volume
        }
    }

    static let ofSources: [Change] = [
        mount("what is mounted inside /a is writable", 0) { $0.recursiveReadOnly = nil },
        mount("what is mounted inside /c is read-only", 2) { $0.recursiveReadOnly = "Enabled" },
        mount("/b has the propagation None", 1) { $0.mountPropagation = nil },
        mount("/e has the propagation Bidirectional", 4) { $0.mountPropagation = "Bidirectional" },
        mount("/d is writable", 3) { $0.readOnly = nil },
        mount("/e shows something else", 4) { $0.subPath = "grace" },
        volume(0) { $0.nfs?.path = "/" },
        volume(0) { $0.nfs?.server = "elsewhere" },
        volume(0) { $0.nfs?.readOnly = nil },
        volume(1) { $0.csi?.volumeAttributes?["source"] = "//fs/grace" },
        volume(1) { $0.csi?.volumeAttributes?["secretName"] = "smb-grace" },
        volume(1) { $0.csi?.driver = "other.csi" },
        volume(1) { $0.csi?.readOnly = nil },
        volume(2) { $0.image?.reference = "registry.example/stack:latest" },
        volume(3) { $0.hostPath?.path = "/" },
        volume(3) { $0.hostPath?.type = "DirectoryOrCreate" },
        volume(4) { $0.persistentVolumeClaim?.claimName = "jhome.grace" },
        Change("fsGroup") { $0.spec.securityContext?.fsGroup = nil },
        Change("fsGroupChangePolicy") { $0.spec.securityContext?.fsGroupChangePolicy = "Always" },
    ]
}
