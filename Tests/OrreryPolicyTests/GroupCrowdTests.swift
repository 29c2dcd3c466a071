import OrreryModel
import OrreryPolicy
import Testing

/// Sixteen groups are all that an NFS server hears of.
struct GroupCrowdTests {
    private static let nfs = "{nfs: {server: nfs.north, path: /p}, path: \"g/{group}\"}"

    private func decision(projects: Int, also groups: Set<String> = [], source: String = nfs) throws -> MountDecision {
        let policy = try PolicyDirectory()
            .replacing("{pvc: project, path: \"g/{group}\"}", in: "clusters/north.yaml", with: source)
            .replacing(
                "[collaborators], mode: ro", with: "[collaborators, operators, science, developers], mode: ro"
            ).load()
        let names = Set((0..<projects).map { "project:p\($0)" }).union(groups)
        let gids = Dictionary(uniqueKeysWithValues: names.sorted().enumerated().map { ($1, UInt32(5000 + $0)) })
        return policy.mounts(for: .named(in: names, gids: gids), on: "north", at: .before)
    }

    private func warnings(_ decision: MountDecision) -> [String] {
        decision.refusals.filter { $0.what.hasPrefix("groups") }.map(\.description)
    }

    @Test("D13 sixteen groups are carried without a word")
    func sixteen() throws {
        let decision = try decision(projects: 13, also: ["operators", "science", "collaborators"])
        #expect(decision.groups.count == 16)
        #expect(warnings(decision) == [])
    }

    @Test("D13 of more than sixteen those stay that a mount needs, and the others are named")
    func seventeen() throws {
        let decision = try decision(projects: 14, also: ["operators", "science", "collaborators"])
        #expect(decision.groups.map(\.name) == ["collaborators"] + (0..<14).map { "project:p\($0)" }.sorted())
        #expect(
            warnings(decision) == [
                "groups operators, science: nfs.north can be told sixteen groups, and each of your mounts has one "
                    + "without these"
            ])
    }

    @Test("D13 what every mount needs is never cut off in silence")
    func twenty() throws {
        let decision = try decision(projects: 20)
        #expect(decision.groups.count == 20)
        #expect(warnings(decision).count == 1)
        #expect(warnings(decision).first?.contains("you have 20 there and it can be told sixteen") == true)
    }

    @Test("D13 a claim counts where the site says which server is behind it")
    func exportedClaims() throws {
        let source = "{pvc: project, server: nfs.north, path: \"g/{group}\"}"
        let decision = try decision(projects: 20, source: source)
        #expect(warnings(decision).first?.hasPrefix("groups on nfs.north: you have 20 there") == true)
    }

    @Test("D13 other storages hear of all groups")
    func claims() throws {
        let decision = try decision(
            projects: 20, also: ["operators", "science"], source: "{pvc: project, path: \"g/{group}\"}")
        #expect(decision.groups.count == 22)
        #expect(warnings(decision) == [])
    }
}
