import OrreryModel
import OrreryPolicy
import Testing

/// The words of a fileset that are not about people: credential, delivery, trust, revocation, session, purge.
struct FilesetWordsTests {
    private func directory(_ lines: String) -> PolicyDirectory {
        PolicyDirectory().replacing("at: /software\n    surfaces: []\n", with: "at: /software\n    \(lines)\n")
    }

    private static let bucket =
        "deliver: s3\n    credential: {kind: sts, role: \"arn:minio:iam:::role/{user}\", session: 1h}"

    private static func bucket(_ lines: String = bucket, source: String = "{s3: {endpoint: \"https://s3.north/\"}}")
        -> PolicyDirectory
    {
        PolicyDirectory()
            .replacing(
                "at: /software\n    surfaces: []\n    grants: [{to: [developers], mode: ro}]",
                with: "\(lines)\n    grants: [{to: [developers], mode: rw}]"
            )
            .replacing("software: {pvc: data, path: software}", in: "clusters/north.yaml", with: "software: \(source)")
            .replacing("  software: {pvc: data, path: software}\n", in: "clusters/south.yaml", with: "")
    }

    @Test(arguments: [
        ("credential: {kind: kerberos}", "unknown credential `kerberos`"),
        ("credential: {kind: smb, secret: smb-shared}", "the Secret is the person's own"),
        ("credential: {kind: smb, secret: \"smb-{group}\"}", "the Secret is the person's own"),
        ("credential: {kind: smb, secret: \"nb-{user}\"}", "cannot be the name of a Secret"),
        ("credential: {kind: smb, secret: \"smb-{uid}{gid}\"}", "is the same for several people"),
        ("credential: {kind: smb, secret: \"smb-{user}1{uid}\"}", "is the same for several people"),
        ("credential: {kind: smb, secret: \"SMB-{user}\"}", "cannot be the name of a Secret"),
        ("credential: {kind: smb, role: x}", "unknown key `role`"),
        ("credential: {kind: sts, role: \"arn:minio:iam:::role/{user}\"}", "add `deliver: s3` and take `at` out"),
        ("deliver: s3", "has no `at`"),
        ("deliver: webdav", "unknown way to deliver `webdav`"),
        ("clusters: {trust: \"No Word\"}", "a word for trust"),
        ("clusters: {north: true}", "unknown key `north`"),
        ("revoke: kill", "unknown word `kill`"),
        ("session: 5s", "at least a minute"),
        ("purge: {after: 30d, by: accessed}", "mounts keep no access times"),
        ("purge: {after: 30m}", "before a day has passed"),
        ("purge: {after: 30d, large: 14d}", "belong together"),
        ("purge: {after: 14d, large: 30d, largerThan: 1Gi}", "large files go earlier"),
        ("purge: {large: 14d, largerThan: 1Gi}", "`after` is missing"),
    ])
    func whatCannotHoldIsRefused(lines: String, words: String) throws {
        let sentences = try directory(lines).sentences()
        #expect(sentences.count == 1 && sentences[0].contains(words), "\(sentences)")
    }

    /// `scratch` beside `software`, each with a credential.
    @Test(arguments: [
        ("smb-{user}", "smb-{user}", true), ("smb-{user}", "lab-{user}", true), ("{user}-smb", "{user}-lab", true),
        ("smb-{user}", "smb-lab-{user}", false),
        ("{user}-smb", "smb-{user}", false), ("smb-{user}", "smb-{uid}", false), ("{user}-a", "{user}-b-a", false),
    ])
    func noSecretIsCalledAsAnothersOfAnotherFileset(first: String, second: String, isGood: Bool) throws {
        func credential(_ secret: String) -> String { "credential: {kind: smb, secret: \"\(secret)\"}" }
        func source(_ share: String) -> String {
            "{csi: smb.csi.k8s.io, inline: {source: \"//fs/\(share)/{user}\"}}"
        }
        var directory = directory(credential(first))
            .replacing("at: \"/scratch/{user}\"\n", with: "at: \"/scratch/{user}\"\n    \(credential(second))\n")
            .replacing(PolicyDirectory.scratch, in: "clusters/north.yaml", with: "  scratch: \(source("scratch"))\n")
        for cluster in ["north", "south"] {
            directory = directory.replacing(
                "software: {pvc: data, path: software}", in: "clusters/\(cluster).yaml",
                with: "software: \(source("soft"))")
        }
        let sentences = try directory.sentences()
        #expect(sentences.isEmpty == isGood, "\(sentences)")
        #expect(isGood || sentences.first?.contains("may be called as") == true, "\(sentences)")
    }

    @Test(arguments: [
        ("deliver: s3", "needs `credential: {kind: sts, role: …}`"),
        ("deliver: s3\n    credential: {kind: smb, secret: \"a-{user}\"}", "needs `credential: {kind: sts, role: …}`"),
        ("deliver: s3\n    credential: {kind: sts, role: admin}", "a role such as"),
        ("deliver: s3\n    credential: {kind: sts, role: \"arn:minio:iam:::role/x\", session: 12h}", "`1h` is all"),
        ("deliver: s3\n    home: true\n    credential: {kind: sts, role: \"arn:m:iam:::role/x\"}", "has no `home`"),
        ("deliver: s3\n    quota: 1Gi\n    credential: {kind: sts, role: \"arn:m:iam:::role/x\"}", "has no `quota`"),
    ])
    func aDeliveryThatNothingStandsBehindIsRefused(lines: String, words: String) throws {
        let sentences = try Self.bucket(lines).sentences()
        #expect(sentences.first?.contains(words) == true, "\(sentences)")
    }

    @Test func aReadOnlyRoleIsTheStoragesToMake() throws {
        let sentences = try Self.bucket().replacing("[developers], mode: rw}]\n", with: "[developers]}]\n").sentences()
        #expect(sentences.first?.contains("the storage says") == true || sentences.isEmpty, "\(sentences)")
    }

    @Test func aRoleIsDeliveredToWhomItIsGranted() throws {
        let policy = try Self.bucket().load()
        let granted = policy.mounts(for: .named(in: ["developers"]), on: "north", at: .before)
        #expect(
            granted.bucket
                == Plan.Bucket(
                    fileset: "software", role: "arn:minio:iam:::role/ada", endpoint: "https://s3.north", service: nil,
                    region: nil, revoke: .notify))
        #expect(!granted.mounts.contains { $0.fileset == "software" })
        let denied = policy.mounts(for: .named(in: ["science"]), on: "north", at: .before)
        #expect(denied.bucket == nil)
        #expect(denied.refusals.contains { $0.what == "fileset software" && $0.reason == "only developers have it" })
        #expect(policy.mounts(for: .named(in: ["developers"]), on: "south", at: .before).bucket == nil)
    }

    @Test func aRoleIsMissedByWhomItIsNotGrantedAnyMore() throws {
        let policy = try Self.bucket().load()
        let result = policy.plan(
            for: .named(in: ["developers"]), profile: "standard", cluster: "north", at: .before)
        guard case .plan(let plan) = result else {
            Issue.record("no plan: \(result)")
            return
        }
        #expect(policy.withdrawnBucket(from: plan, for: .named(in: ["developers"]), at: .before) == nil)
        #expect(policy.withdrawnBucket(from: plan, for: .named(in: ["science"]), at: .before)?.fileset == "software")
    }

    @Test func aBucketIsNoVolume() throws {
        #expect(try Self.bucket(source: "{pvc: data}").sentences().joined().contains("so its source is `s3: {…}`"))
        #expect(try Self.bucket(source: "{s3: {}, path: x}").sentences().joined().contains("no meaning beside `s3`"))
        #expect(
            try Self.bucket(source: "{s3: {endpoint: s3.north}}").sentences().joined().contains("a URL that starts"))
    }

    @Test func theShortestSessionOfItsFilesetsBoundsAPlan() throws {
        func life(_ groups: Set<String>) throws -> Duration? {
            let directory = PolicyDirectory().replacing(
                "at: /datasets/dr3\n", with: "at: /datasets/dr3\n    session: 12h\n")
            let result = try directory.load().plan(
                for: .named(in: groups), profile: "standard", cluster: "north", at: .before)
            guard case .plan(let plan) = result else { return nil }
            return plan.life.max
        }
        #expect(try life(["science", "collaborators"]) == .seconds(12 * 3600))
        #expect(try life(["science"]) == .seconds(7 * 86_400), "who does not have it is not bounded by it")
    }

    // MARK: Trust

    private var trusted: PolicyDirectory {
        PolicyDirectory().replacing("    never: [suspended]\n", with: "    clusters: {trust: collaboration}\n")
    }

    @Test(
        "D15 a fileset is not on a cluster that is not trusted with it",
        arguments: [
            ([:], "north", false), (["north": ["ordinary"]], "north", false),
            (["north": ["ordinary", "collaboration"]], "north", true), (["south": ["collaboration"]], "north", false),
            (["north": ["Collaboration", "ordinary"]], "north", false),
        ] as [([String: Set<String>], String, Bool)])
    func trust(words: [String: Set<String>], cluster: String, isThere: Bool) throws {
        var directory = trusted
        directory.trust = words
        let decision = try directory.load().mounts(for: .named(in: ["collaborators"]), on: cluster, at: .before)
        #expect(decision.mounts.contains { $0.fileset == "dr3" } == isThere)
        #expect(
            decision.refusals.contains { $0.what == "fileset dr3" && $0.reason == "north is not trusted with it" }
                != isThere)
    }

    @Test("D15 without a word a fileset is only on clusters of ordinary trust")
    func ordinaryTrust() throws {
        var directory = PolicyDirectory()
        directory.trust = ["north": ["collaboration"]]
        let policy = try directory.load()
        #expect(policy.mounts(for: .named(in: ["developers"]), on: "north", at: .before).mounts.isEmpty)
        let refusals = policy.mounts(for: .named(in: ["developers"]), on: "north", at: .before).refusals
        #expect(
            refusals.contains { "\($0)" == "fileset home: north is not trusted with it; start on south" }, "\(refusals)"
        )
    }
}
