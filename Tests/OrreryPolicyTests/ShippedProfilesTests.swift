import Foundation
import OrreryModel
import OrreryPolicy
import Testing

/// The documents in `profiles/`, as the demo's people meet them.
struct ShippedProfilesTests {
    private let policy: Policy
    private let ada = Person.named(in: ["developers", "project:photoz"])
    private let grace = Person.named("grace", in: ["science"])

    init() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        policy = try Policy.load(
            directory: root.appendingPathComponent("profiles").path,
            groups: ["developers", "science", "collaborators", "project:{g}"])
    }

    private func mounts(_ person: Person, on cluster: String) -> [String] {
        policy.mounts(for: person, on: cluster, at: .before).mounts.map { "\($0.path) \($0.isReadOnly ? "ro" : "rw")" }
    }

    @Test func adaSeesScratchOnNorthOnly() {
        let everywhere = ["/datasets/public ro", "/home/ada rw", "/project/photoz rw", "/project/shared ro"]
        #expect(mounts(ada, on: "north") == everywhere + ["/scratch/ada rw"])
        #expect(mounts(ada, on: "south") == everywhere)
    }

    @Test func graceIsToldWhatSheDoesNotSee() {
        #expect(mounts(grace, on: "north") == ["/datasets/public ro", "/home/grace rw", "/project/shared ro"])
        #expect(
            policy.mounts(for: grace, on: "north", at: .before).refusals.map(\.description) == [
                "fileset datasets-dr3: it opens to everyone on 2027-06-30; until then it is for collaborators",
                "fileset project: there is one for each group project:*, and you are in none of them; "
                    + "ask an owner of such a group",
                "fileset scratch: only developers have it; ask an owner of the group developers",
            ])
    }

    @Test func theStandardProfileStartsForBothOnBothClusters() {
        for person in [ada, grace] {
            for cluster in ["north", "south"] {
                guard case .plan = policy.plan(for: person, profile: "standard", cluster: cluster, at: .before) else {
                    Issue.record("\(person.name) cannot start on \(cluster)")
                    continue
                }
            }
        }
    }

    @Test func onlyDevelopersHaveTheBench() {
        #expect(policy.profiles(for: ada).filter(\.isAllowed).map(\.profile.name) == ["standard", "tiny", "bench"])
        #expect(policy.profiles(for: grace).filter(\.isAllowed).map(\.profile.name) == ["standard", "tiny"])
    }
}
