import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// The pod of each kind of source, compared whole.
@Suite struct SourceTests {
    private static let stack = "registry.example/stack@sha256:" + String(repeating: "4f1c", count: 16)

    static let claim = Plan.OwnClaim(
        name: "jhome.ada", fileset: "jhome", storageClass: "fast", size: "100Gi", modes: ["ReadWriteOncePod"])

    private static func mount(
        _ path: String, _ source: Plan.Source, isReadOnly: Bool = true, subPath: String? = nil,
        inner: Plan.Inner = .kept
    ) -> Plan.Mount {
        Plan.Mount(
            fileset: "tree", path: path, isReadOnly: isReadOnly, source: source, subPath: subPath, inner: inner)
    }

    static let exports = Plan.Source.nfs(Plan.NFSExport(server: "nfs.north", path: "/exports"))

    @Test(
        arguments: [
            ("source-own-claim", [mount("/home/ada", .ownClaim(claim), isReadOnly: false)], UInt32(20_001)),
            (
                "source-nfs",
                [
                    mount("/datasets/public", exports, subPath: "public", inner: .readOnly),
                    mount("/archive/des", exports, subPath: "des"),
                ], nil
            ),
            (
                "source-nfs-writable", [mount("/p", exports, isReadOnly: false), mount("/p/q", exports, subPath: "q")],
                nil
            ),
            (
                "source-smb",
                [
                    mount(
                        "/drive/ada",
                        .csi(
                            Plan.DriverVolume(
                                driver: "smb.csi.k8s.io",
                                attributes: ["source": "//fs.north/ada", "secretName": "smb-ada"])), isReadOnly: false)
                ], nil
            ),
            ("source-automount", [mount("/cvmfs", .claim("cvmfs"), inner: .followed)], nil),
            ("source-image", [mount("/software", .image(stack))], nil),
        ] as [(String, [Plan.Mount], UInt32?)])
    func thePodIsExactlyTheGoldenOne(_ name: String, _ mounts: [Plan.Mount], volumeGroup: UInt32?) throws {
        try Golden.check(Self.builder(mounts, volumeGroup: volumeGroup).pod(), name)
    }

    @Test func theClaimIsExactlyTheGoldenOneAndNobodysToTakeAlong() throws {
        let mounts = [
            Self.mount("/home/ada", .ownClaim(Self.claim), isReadOnly: false),
            Self.mount("/home/ada/old", .ownClaim(Self.claim), subPath: "old"),
        ]
        let claims = Self.builder(mounts).claims()
        #expect(claims.count == 1)
        try Golden.check(claims, "own-claim")
    }

    static func builder(_ mounts: [Plan.Mount], volumeGroup: UInt32? = nil) -> PodBuilder {
        let plan = Sample.plan(mounts: mounts, volumeGroup: volumeGroup)
        return PodBuilder(session: Sample.session(plan), variables: [:], settings: SpawnSettings())
    }
}
