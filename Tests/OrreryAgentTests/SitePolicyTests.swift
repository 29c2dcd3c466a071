import OrreryModel
import Testing

@testable import OrreryAgent

/// What a site lets a hub run.
struct SitePolicyTests {
    @Test func everyPodOfASpawnerPassesWhereTheSiteNamesItsStorage() throws {
        let policy = try PolicySamples.policy(PolicySamples.roomy)
        let pods = try PolicySamples.golden()
        #expect(pods.count >= 11)
        for (name, pod) in pods { #expect(policy.refusals(of: pod) == [], "\(name)") }
    }

    /// A site that has written nothing gives what needs no word: claims, images, and the session's own things.
    @Test(arguments: [
        ("gpu-on-chosen-nodes.json", [String]()), ("source-own-claim.json", []), ("source-image.json", []),
        ("source-automount.json", []), ("tokens.json", []),
        ("standard.json", ["This site allows no directories of its nodes; this asks for /srv/cvmfs."]),
        ("source-nfs.json", ["This site allows no NFS; this asks for nfs.north:/exports."]),
        ("source-smb.json", ["This site allows no drivers of volumes; this asks for `smb.csi.k8s.io`."]),
        (
            "nodes.json",
            [
                "This site allows no taints; this asks for `gpu`.",
                "This site allows no taints; this asks for `spot`.",
                "This site allows no Secrets for images; this asks for `registry`.",
                "This site allows no priority classes; this asks for `interactive`.",
                "This site allows no runtime classes; this asks for `nvidia`.",
            ]
        ),
    ]) func withoutWordsASiteGivesNothingOfItsOwn(_ name: String, _ wanted: [String]) throws {
        for (file, pod) in try PolicySamples.golden() where file == name {
            #expect(SitePolicy().refusals(of: pod) == wanted)
        }
    }

    struct Wish: Sendable, CustomTestStringConvertible {
        let policy: String
        let path: [Step]
        let value: JSON
        let sentence: String

        init(_ policy: String, _ path: Step..., to value: JSON, _ sentence: String) {
            (self.policy, self.path, self.value, self.sentence) = (policy, path, value, sentence)
        }

        var testDescription: String { "\(policy): \(sentence)" }
    }

    private static let box: [Step] = ["spec", "containers", 0]
    private static let image = "registry.example/lab/jupyterlab"

    static let wishes: [Wish] = [
        Wish(
            "maxima: {cpu: 8}", "spec", "containers", 0, "resources", "limits", "cpu", to: "16",
            "South allows at most 8 CPU a session; this asks for 16."),
        Wish(
            "maxima: {cpu: 1.5}", "spec", "containers", 0, "resources", "limits", "cpu", to: "1501m",
            "South allows at most 1500m CPU a session; this asks for 1501m."),
        Wish(
            "maxima: {memory: 4Gi}", "spec", "containers", 0, "resources", "limits", "memory", to: "5Gi",
            "South allows at most 4Gi memory a session; this asks for 5Gi."),
        Wish(
            "maxima: {memory: 4Gi}", "spec", "containers", 0, "resources", "limits", to: ["cpu": "1"],
            "South allows at most 4Gi memory a session; this has no limit that can be read."),
        Wish(
            "maxima: {memory: 4Gi}", "spec", "containers", 0, "resources", "requests", "memory", to: "8Gi",
            "South allows at most 4Gi memory a session; this asks for 8Gi."),
        Wish(
            "maxima: {gpu: 0}", "spec", "containers", 0, "resources", "limits", "nvidia.com/gpu", to: "1",
            "South allows no GPUs; this asks for 1 of nvidia.com/gpu."),
        Wish(
            "maxima: {gpu: 1}", "spec", "containers", 0, "resources", "limits", "amd.com/gpu", to: "2",
            "South allows at most 1 GPU a session; this asks for 2 of amd.com/gpu."),
        Wish(
            "maxima: {gpu: 2}", "spec", "containers", 0, "resources", "limits",
            to: ["cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "2", "nvidia.com/gpu-shared": "1"],
            "South allows at most 2 GPU a session; this asks for 3 of nvidia.com/gpu, nvidia.com/gpu-shared."),
        Wish(
            "hub: x", "spec", "terminationGracePeriodSeconds", to: 301,
            "South allows sessions 5 min to end; this asks for 301 s."),
        Wish(
            "hub: x", "spec", "terminationGracePeriodSeconds", to: "1",
            "South cannot read how long the session takes to end."),
        Wish(
            "tolerations: [gpu]", "spec", "tolerations", to: [["key": "maintenance", "operator": "Exists"]],
            "South allows the taints gpu; this asks for `maintenance`."),
        Wish(
            "imagePullSecrets: [registry]", "spec", "imagePullSecrets", to: [["name": "of-another"]],
            "South allows the Secrets for images registry; this asks for `of-another`."),
        Wish(
            "hub: x", "spec", "securityContext", "runAsGroup", to: .null,
            "South wants a session that names its user to name its group too (`runAsGroup`)."),
        Wish(
            "gids: [3000-3999, 20001]", "spec", "securityContext", "supplementalGroupsPolicy", to: .null,
            "South allows the groups 3000 to 3999, 20001, and none that an image adds "
                + "(`supplementalGroupsPolicy: Strict`)."),
        Wish(
            "gids: [3000-3999, 20001]", "spec", "securityContext",
            to: [
                "runAsNonRoot": true, "seccompProfile": ["type": "RuntimeDefault"],
                "supplementalGroupsPolicy": "Strict",
            ],
            "South allows the groups 3000 to 3999, 20001; this asks for whatever group its image names."),
        Wish(
            "hostPaths: [/data]", "spec", "volumes", to: [["name": "d", "hostPath": ["path": "/data/x"]]],
            "South allows /data of its nodes, and what lies in it by `subPath`; this asks for /data/x."),
        Wish(
            "maxima: {lifetime: 12h}", "spec", "activeDeadlineSeconds", to: 90_000,
            "South allows sessions of at most 12 h; this asks for 25 h."),
        Wish(
            "registries: [registry.example/lab]", "spec", "containers", 0, "image",
            to: .string("registry.example/labels/x@sha256:" + String(repeating: "1", count: 64)),
            "South allows images from registry.example/lab; this asks for `registry.example/labels/x`."),
        Wish(
            "registries: [registry.example]", "spec", "containers", 0, "image",
            to: .string("registry.example.evil.example/x@sha256:" + String(repeating: "1", count: 64)),
            "South allows images from registry.example; this asks for `registry.example.evil.example/x`."),
        Wish(
            "registries: [registry.example]", "spec", "containers", 0, "image",
            to: .string("alpine@sha256:" + String(repeating: "1", count: 64)),
            "South allows images from registry.example; this asks for `docker.io/library/alpine`."),
        Wish(
            "uids: [20000-29999, 1000]", "spec", "securityContext", "runAsUser", to: 30_000,
            "South allows the users 20000 to 29999, 1000; this asks for 30000."),
        Wish(
            "uids: [20000-29999]", "spec", "securityContext", "runAsUser", to: .null,
            "South allows the users 20000 to 29999; this asks for whatever user its image names."),
        Wish(
            "gids: [3000-3001, 20000-29999]", "spec", "securityContext", "supplementalGroups", to: [3001, 3002],
            "South allows the groups 3000 to 3001, 20000 to 29999; this asks for 3002."),
        Wish(
            "groups: [atlas]", "metadata", "annotations", "orrery.io/groups", to: "cms,atlas-guests",
            "South is open to atlas; this person is in none of them."),
        Wish(
            "hostPaths: [/cvmfs]", "spec", "volumes", to: [["name": "d", "hostPath": ["path": "/cvmfs2"]]],
            "South allows of its nodes only /cvmfs; this asks for /cvmfs2."),
        Wish(
            "nfs: [{server: a, path: /x}]", "spec", "volumes",
            to: [["name": "d", "nfs": ["server": "a", "path": "/y", "readOnly": true]]],
            "South allows of NFS only a:/x; this asks for a:/y."),
        Wish(
            "nfs: [{server: a, path: /x}]", "spec", "volumes",
            to: [["name": "d", "nfs": ["server": "a", "path": "/x/y", "readOnly": true]]],
            "South allows a:/x of NFS, and what lies in it by `subPath`; this asks for a:/x/y."),
        Wish(
            "csiDrivers: [a.example]", "spec", "volumes", to: [["name": "d", "csi": ["driver": "b.example"]]],
            "South allows the drivers a.example; this asks for `b.example`."),
        Wish("paused: true", "spec", "enableServiceLinks", to: false, "South starts no sessions at present."),
        Wish(
            "paused: a new file system until Monday", "spec", "enableServiceLinks", to: false,
            "South starts no sessions at present: a new file system until Monday"),
    ]

    @Test(arguments: wishes) func whatTheSiteBoundsIsRefusedInWords(_ wish: Wish) throws {
        let policy = try PolicySamples.policy("site: South\n\(wish.policy)")
        let pod = try PolicySamples.standard().with(wish.value, at: wish.path[...])
        #expect(policy.refusals(of: pod) == [wish.sentence])
    }

    @Test func whatIsWithinTheBoundsPasses() throws {
        let policy = try PolicySamples.policy(
            """
            registries: [registry.example/lab]
            uids: [20000-29999]
            gids: [3000-3999, 20001]
            maxima: {cpu: 2, memory: 2Gi, gpu: 0, lifetime: 7d}
            groups: [atlas, cms]
            """)
        let pod = try PolicySamples.standard().with("x,cms", at: ["metadata", "annotations", "orrery.io/groups"])
        #expect(policy.refusals(of: pod) == [])
    }

    @Test(arguments: [(false, true, 1), (true, true, 0), (false, false, 0)])
    func aDirectoryOfANodeIsReadUnlessTheSiteSaysMore(_ isWritable: Bool, _ writes: Bool, _ refusals: Int) throws {
        let policy = try PolicySamples.policy("hostPaths: [{path: /data, writable: \(isWritable)}]")
        var pod = try PolicySamples.standard()
        pod = pod.with(
            [["name": "d", "hostPath": ["path": "/data", "type": "Directory"]]], at: ["spec", "volumes"])
        let mount: JSON = ["name": "d", "mountPath": "/data", "subPath": "x", "readOnly": .bool(!writes)]
        pod = pod.with([mount], at: ["spec", "containers", 0, "volumeMounts"])
        #expect(policy.refusals(of: pod).count == refusals)
    }

    @Test func aClaimIsBounded() throws {
        let policy = try PolicySamples.policy("site: South\nstorageClasses: [fast]\nmaxima: {claim: 10Gi}")
        func claim(_ spec: JSON) -> JSON { ["kind": "PersistentVolumeClaim", "spec": spec] }
        let good: JSON = ["storageClassName": "fast", "resources": ["requests": ["storage": "10Gi"]]]
        #expect(policy.refusals(ofClaim: claim(good)) == [])
        #expect(
            policy.refusals(ofClaim: claim(good.with("11Gi", at: ["resources", "requests", "storage"])))
                == ["South allows claims of at most 10Gi; this asks for 11Gi."])
        #expect(
            policy.refusals(ofClaim: claim(good.with("slow", at: ["storageClassName"])))
                == ["South allows claims of the storage classes fast; this asks for `slow`."])
        #expect(policy.refusals(ofClaim: claim(good.with("pv-7", at: ["volumeName"]))).count == 1)
        #expect(policy.refusals(ofClaim: claim(good.with(["name": "snap"], at: ["dataSource"]))).count == 1)
    }
}

/// One step on the way into a JSON value.
enum Step: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, Sendable {
    case member(String)
    case element(Int)

    init(stringLiteral value: String) { self = .member(value) }
    init(integerLiteral value: Int) { self = .element(value) }
}

extension JSON {
    /// The same with `value` at `path`; null removes what stands there.
    func with(_ value: JSON, at path: ArraySlice<Step>) -> JSON {
        guard let step = path.first else { return value }
        var changed = self
        switch step {
        case .member(let name):
            let inner = (self[name] ?? [:]).with(value, at: path.dropFirst())
            if inner == .null { changed[name] = JSON?.none } else { changed[name] = inner }
        case .element(let index):
            var elements = array ?? []
            elements[index] = elements[index].with(value, at: path.dropFirst())
            changed = .array(elements)
        }
        return changed
    }
}
