import OrreryModel
import OrreryPolicy
import Testing

/// What a source of a binding comes to in a plan, and which are refused.
struct SourceTests {
    /// The documents with another source of the fileset `software`, which developers may read, and what else it says.
    private func directory(_ source: String, _ fileset: String = "", at path: String = "/software") -> PolicyDirectory {
        PolicyDirectory()
            .replacing("at: /software\n    surfaces: []\n", with: "at: \"\(path)\"\n    \(fileset)\n")
            .replacing("software: {pvc: data, path: software}", in: "clusters/north.yaml", with: "software: \(source)")
            .replacing("sources:", in: "clusters/north.yaml", with: "hostPaths: [/srv]\nsources:")
            .replacing("  software: {pvc: data, path: software}\n", in: "clusters/south.yaml", with: "")
    }

    private func mount(_ directory: PolicyDirectory) throws -> Plan.Mount? {
        try directory.load().mounts(for: .named(in: ["developers"]), on: "north", at: .before).mounts
            .first { $0.fileset == "software" }
    }

    /// A directory of its own is a wall, whatever the files in it say.
    @Test(arguments: [
        ("{pvc: soft, wall: mount+posix}", true), ("{pvc: soft}", false),
        ("{pvc: soft, path: \"u/{user}\", wall: mount+posix}", false),
        ("{csi: smb.csi.k8s.io, inline: {source: \"//fs/{user}\"}, wall: mount+posix}", false),
        ("{csi: smb.csi.k8s.io, inline: {source: //fs/all}, wall: mount+posix}", true),
    ])
    func aTreeThatOnlyOwnersAndModesDivideReliesOnGroups(source: String, relies: Bool) throws {
        #expect(try #require(try mount(directory(source))).reliesOnGroups == relies)
    }

    @Test(
        arguments: [
            ("{pvc: soft}", Plan.Source.claim("soft"), nil),
            ("{hostPath: /srv/soft, path: a/b}", .hostPath("/srv/soft"), "a/b"),
            (
                "{nfs: {server: nfs.north, path: /dr3}, path: \"u/{user}\"}",
                .nfs(Plan.NFSExport(server: "nfs.north", path: "/dr3")), "u/ada"
            ),
            (
                "{image: \"registry.example/lab/stack@\(PolicyDirectory.digest)\"}",
                .image("registry.example/lab/stack@\(PolicyDirectory.digest)"), nil
            ),
            (
                "{csi: smb.csi.k8s.io, inline: {source: \"//fs/{user}\", mountOptions: \"uid={uid},gid={gid}\"}}",
                .csi(
                    Plan.DriverVolume(
                        driver: "smb.csi.k8s.io",
                        attributes: ["source": "//fs/ada", "mountOptions": "uid=20001,gid=20001"])), nil
            ),
            (
                "{claim: {class: fast, size: 50Gi, modes: [ReadWriteOnce], onUserDelete: retain}}",
                .ownClaim(
                    Plan.OwnClaim(
                        name: "software.ada", fileset: "software", storageClass: "fast", size: "50Gi",
                        modes: ["ReadWriteOnce"])), nil
            ),
            (
                "{claim: {size: 1Gi}}",
                .ownClaim(
                    Plan.OwnClaim(
                        name: "software.ada", fileset: "software", storageClass: nil, size: "1Gi",
                        modes: ["ReadWriteOncePod"])), nil
            ),
        ] as [(String, Plan.Source, String?)])
    func aSourceIsWhatItSays(text: String, source: Plan.Source, subPath: String?) throws {
        let mount = try #require(try mount(directory(text)))
        #expect(mount.source == source)
        #expect(mount.subPath == subPath)
        #expect(mount.isReadOnly && mount.inner == .kept)
    }

    @Test(arguments: [
        ("{}", "a source has one of `pvc`, `claim`, `nfs`, `hostPath`, `csi`, `image`, `s3`"),
        ("{pvc: a, claim: {size: 1Gi}}", "a source has one of"),
        ("{nfs: {server: \"a b\", path: /x}}", "neither a name nor an address"),
        ("{nfs: {server: a, path: \"/x/{user}\"}}", "not in that of the export"),
        ("{nfs: {server: a, path: x}}", "must begin with `/`"),
        ("{hostPath: \"/srv/{user}\"}", "holes belong in `path`"),
        ("{image: registry.example/lab/stack:1}", "an image with its digest is wanted"),
        ("{image: \"evil.example/lab/stack@\(PolicyDirectory.digest)\"}", "is in no registry of `registries`"),
        ("{image: \"registry.example/lab/stack@\(PolicyDirectory.digest)\", path: a}", "`path` has no meaning beside"),
        ("{csi: smb.csi.k8s.io, inline: {secretName: shared}}", "`secretName` is the hub's to say"),
        ("{csi: smb.csi.k8s.io, inline: {secretNamespace: kube-system}}", "`secretNamespace` is the hub's to say"),
        ("{csi: smb.csi.k8s.io, inline: {source: \"//fs/{group}\"}}", "needs a fileset with `each`"),
        ("{csi: smb.csi.k8s.io, inline: {source: \"//fs/{usr}\"}}", "known holes are"),
        ("{pvc: a, inline: {a: b}}", "`inline` has no meaning beside `pvc`"),
        ("{claim: {class: fast}}", "`size` is missing, and `software` has no quota"),
        ("{claim: {size: 1Gi, onUserDelete: delete}}", "a hub removes no claim"),
        ("{claim: {size: 1Gi, modes: [ReadOnlyMany]}}", "unknown access mode"),
        ("{claim: {size: 1Gi}, path: x}", "`path` has no meaning beside `claim`"),
        ("{claim: {size: 1Gi, class: \"a/b\"}}", "cannot be the name of a storage class"),
        ("{pvc: home.ada}", "has the name of somebody's own claim of `home`"),
        ("{s3: {}}", "`s3` is for a fileset with `deliver: s3`"),
        ("{pvc: a, automount: true}", "say `readOnly: true` if its storage lets nobody write"),
        ("{pvc: a, create: kubelet}", "unknown word `kubelet`"),
        ("{pvc: a, path: \"{gid}\", create: provisioner}", "makes a directory for each person"),
        ("{csi: smb.csi.k8s.io, path: \"{user}\", create: provisioner}", "`create` has no meaning beside `csi`"),
        ("{csi: smb.csi.k8s.io, own: true, inline: {source: //fs/all}}", "`own` is for a volume that differs"),
        ("{csi: x, own: true, path: \"{user}\", inline: {share: /homes}}", "a directory of a volume that all share"),
        ("{pvc: a, path: \"{user}\", own: true}", "`own` has no meaning beside `pvc`"),
        ("{pvc: a, server: \"a b\"}", "neither a name nor an address"),
        ("{nfs: {server: a, path: /x}, server: b}", "`server` has no meaning beside `nfs`"),
    ])
    func whatCannotHoldIsRefused(text: String, words: String) throws {
        let sentences = try directory(text).sentences()
        #expect(sentences.count == 1 && sentences[0].contains(words), "\(sentences)")
    }

    @Test func aClaimForAGroupIsRefused() throws {
        let directory = PolicyDirectory()
            .replacing(
                "project: {pvc: project, path: \"g/{group}\"}", in: "clusters/north.yaml",
                with: "project: {claim: {size: 1Gi}}")
        #expect(try directory.sentences().joined().contains("`project` is one for each group"))
    }

    @Test func aClaimTakesTheQuotaAndIsNotBelowIt() throws {
        let taken = try mount(directory("{claim: {class: fast}, quota: enforced}", "quota: 20Gi"))
        guard case .ownClaim(let claim)? = taken?.source else {
            return #expect(Bool(false), "\(String(describing: taken))")
        }
        #expect(claim.size == "20Gi")
        let below = try directory("{claim: {size: 10Gi}, quota: enforced}", "quota: 20Gi").sentences().joined()
        #expect(below.contains("a claim of 10Gi is smaller than the quota of `software`, which is 20Gi"))
    }

    @Test func whatTheNodeMountsLaterAppears() throws {
        let mount = try mount(directory("{pvc: cvmfs, automount: true, readOnly: true}"))
        #expect(mount?.inner == .followed && mount?.isReadOnly == true)
    }

    @Test func aStorageThatNobodyWritesToIsReadOnlyWhateverAGrantSays() throws {
        let mount = try mount(
            directory("{pvc: cvmfs, readOnly: true}", "revoke: stop")
                .replacing("[developers], mode: ro", with: "[developers], mode: rw"))
        #expect(mount?.isReadOnly == true && mount?.revoke == .stop)
    }

    @Test func innerMountsAreReadOnlyWhereTheClusterCanDoIt() throws {
        let directory = directory("{pvc: soft}")
            .replacing("hostPaths:", in: "clusters/north.yaml", with: "recursiveReadOnly: true\nhostPaths:")
        let mounts = try directory.load().mounts(for: .named(in: ["developers"]), on: "north", at: .before).mounts
        #expect(mounts.allSatisfy { $0.inner == ($0.isReadOnly ? .readOnly : .kept) })
        let automounted = directory.replacing(
            "{pvc: soft}", in: "clusters/north.yaml", with: "{pvc: soft, automount: true, readOnly: true}")
        #expect(try mount(automounted)?.inner == .followed, "both at once are no pod")
    }

    @Test func aWholeTreeIsMountedWhereTheStorageItselfAsksThePerson() throws {
        let smb = "credential: {kind: smb, secret: \"smb-{user}\"}"
        let drive = directory("{csi: smb.csi.k8s.io, inline: {source: //fs/all}}", smb, at: "/drive/{user}")
        let mount = try mount(drive)
        #expect(
            mount?.source
                == .csi(
                    Plan.DriverVolume(
                        driver: "smb.csi.k8s.io", attributes: ["source": "//fs/all", "secretName": "smb-ada"])))
        let own = directory("{csi: smb.csi.k8s.io, inline: {source: //fs/all}}", at: "/drive/{user}")
        #expect(try own.sentences().joined().contains("one directory per person"))
        let claim = directory("{pvc: drive, path: \"{user}\"}", smb, at: "/drive/{user}")
        #expect(try claim.sentences().joined().contains("is opened with each person's own SMB credential"))
    }

    @Test func aVolumeGroupIsGivenOnlyWhereNobodyElsesFilesWouldChange() throws {
        func group(_ directory: PolicyDirectory) throws -> UInt32? {
            let result = try directory.load().plan(
                for: .named(in: ["science"]), profile: "standard", cluster: "north", at: .before)
            guard case .plan(let plan) = result else { return nil }
            return plan.identity.volumeGroup
        }
        let own = PolicyDirectory().replacing(
            "home: {pvc: home, path: \"{user}\"}", in: "clusters/north.yaml", with: "home: {claim: {size: 1Gi}}")
        #expect(try group(own) == 20001)
        #expect(try group(PolicyDirectory()) == nil)
        let shared = own.replacing(
            "at: /project/shared\n    grants: [{to: [everyone], mode: ro}]",
            with: "at: /project/shared\n    grants: [{to: [everyone], mode: rw}]")
        #expect(try group(shared) == nil)
        func beside(_ drive: String) throws -> UInt32? {
            try group(
                directory("{csi: smb.csi.k8s.io, \(drive)}")
                    .replacing("[developers], mode: ro", with: "[science], mode: rw")
                    .replacing(
                        "home: {pvc: home, path: \"{user}\"}", in: "clusters/north.yaml",
                        with: "home: {claim: {size: 1Gi}}"))
        }
        #expect(try beside("own: true, inline: {source: \"//fs/{user}\"}") == 20001)
        #expect(try beside("inline: {source: \"//fs/{user}\"}") == nil, "nobody says that it is theirs")
        #expect(try beside("inline: {source: //fs/all, mountOptions: \"uid={uid}\"}") == nil)
    }
}
