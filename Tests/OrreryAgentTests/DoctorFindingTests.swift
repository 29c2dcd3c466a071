import OrreryDocument
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrreryAgent

/// What the doctor says of what it could not look at.
struct DoctorFindingTests {
    @Test func whereNoPolicyIsNamedNoneCountsAsRead() async throws {
        let access = ClusterAccess(
            name: "south", server: "http://127.0.0.1:9", token: Secret("none"), namespace: "orrery")
        let doctor = Doctor(
            client: KubernetesClient(access, transport: Fetcher()), own: "orrery-agent",
            policy: SitePolicyKeeper(file: nil, logger: PocketRig.quiet), image: nil)
        let findings = await doctor.sitePolicy()
        #expect(findings.map(\.grade) == [.warning])
        #expect(findings[0].next?.contains("--policy") == true)
    }

    @Test(arguments: [
        ("registries: [registry.example]", nil), ("nfs: [{server: nfs.example, path: /x}]", "`baseline` for the `nfs`"),
        ("hostPaths: [/cvmfs]", "`privileged` for the `hostPaths`"),
        ("hostPaths: [/cvmfs]\nnfs: [{server: nfs.example, path: /x}]", "`privileged` for the `hostPaths`"),
    ])
    func whatTheNamespacesMustAllowIsSaid(_ text: String, _ words: String?) throws {
        let policy = try SitePolicy(DocumentNode.parse(text, file: "policy.yaml"))
        let said = Doctor.level(for: policy)
        #expect((said == nil) == (words == nil) && said?.contains(words ?? "") != false, "\(said ?? "nothing")")
    }

    @Test(arguments: [
        (10, true, Finding.Grade.ok, Finding.Grade.ok), (11, true, .failed, .ok), (12, true, .ok, .failed),
        // The wall is not what keeps it away.
        (10, false, .warning, .ok), (12, false, .warning, .failed),
        // Whatever the doctor reaches from where it is.
        (11, false, .failed, .ok), (13, false, .failed, .failed),
    ])
    func aWallThatNothingRanAgainstIsNotCalledGood(
        _ code: Int, _ answers: Bool, _ between: Finding.Grade, _ metadata: Finding.Grade
    ) {
        let findings = Doctor.walls(code, answers: answers)
        #expect(findings.map(\.subject) == ["NetworkPolicy", "metadata"])
        #expect(findings.map(\.grade) == [between, metadata])
        #expect(findings[0].found.hasPrefix("not tried") == (between == .warning))
    }
}
