import OrreryModel
import OrreryPolicy
import Testing

/// Which of what a session shows its person has no right to any more.
struct WithdrawalTests {
    private static let ada = Person.named(in: ["developers", "project:ada"])

    /// What somebody was given by `directory`.
    private func plan(
        _ directory: PolicyDirectory, profile: String = "standard", for person: Person = ada
    ) throws -> Plan {
        let result = try directory.load().plan(for: person, profile: profile, cluster: "north", at: .before)
        guard case .plan(let plan) = result else { throw Unplanned(result: result) }
        return plan
    }

    private struct Unplanned: Error { let result: PlanResult }

    private func lost(_ plan: Plan, under directory: PolicyDirectory, by person: Person = ada) throws -> [String] {
        try directory.load().withdrawn(from: plan, for: person, at: .before).map(\.path)
    }

    @Test(arguments: [
        (PolicyDirectory.scratch, ""),
        (PolicyDirectory.scratch, "  scratch: {pvc: scratch, path: \"{user}\", readOnly: true}\n"),
        (PolicyDirectory.scratch, "  scratch: {pvc: elsewhere, path: \"u/{user}\"}\n"),
        ("  project: {pvc: project, path: \"g/{group}\"}\n", ""),
    ])
    func whatBecomesOfASourceTakesNoRight(source: String, other: String) throws {
        let plan = try plan(PolicyDirectory())
        #expect(
            plan.mounts.contains { $0.path == "/scratch/ada" } && plan.mounts.contains { $0.path == "/project/ada" })
        let changed = PolicyDirectory().replacing(source, in: "clusters/north.yaml", with: other)
        #expect(try lost(plan, under: changed).isEmpty)
    }

    @Test func filesetsThatMeetOnlyWhenBothAreOfferedTakeNoRight() throws {
        let directory = PolicyDirectory().replacing("at: \"/scratch/{user}\"", with: "at: \"/project/{user}\"")
        let plan = try plan(directory, profile: "bench")
        #expect(plan.mounts.map(\.path) == ["/home/ada", "/project/ada"])
        #expect(try lost(plan, under: directory).isEmpty)
    }

    @Test func anotherPathOfAFilesetTakesNoRight() throws {
        let changed = PolicyDirectory().replacing("at: \"/scratch/{user}\"", with: "at: \"/fast/{user}\"")
        #expect(try lost(plan(PolicyDirectory()), under: changed).isEmpty)
    }

    @Test func whatIsNotGrantedAnyMoreIsLost() throws {
        let plan = try plan(PolicyDirectory())
        #expect(try lost(plan, under: PolicyDirectory()).isEmpty)
        #expect(try lost(plan, under: PolicyDirectory(), by: .named(in: ["project:ada"])) == ["/scratch/ada"])
        #expect(try lost(plan, under: PolicyDirectory(), by: .named(in: ["developers"])) == ["/project/ada"])
        #expect(
            try lost(plan, under: PolicyDirectory(), by: .named(in: ["developers", "project:eve"])) == ["/project/ada"])
        let readable = PolicyDirectory().replacing(
            "grants: [{to: [developers], mode: rw}]", with: "grants: [{to: [developers], mode: ro}]")
        #expect(try lost(plan, under: readable) == ["/scratch/ada"])
        let gone = PolicyDirectory().replacing("    never: [suspended]\n", with: "    never: [developers]\n")
        let shown = try self.plan(PolicyDirectory(), for: .named(in: ["developers", "collaborators"]))
        #expect(try lost(shown, under: gone, by: .named(in: ["developers", "collaborators"])) == ["/datasets/dr3"])
    }

    @Test func aClusterThatIsNotTrustedAnyMoreHasNothing() throws {
        var directory = PolicyDirectory()
        let plan = try plan(directory)
        directory.trust = ["north": ["collaboration"]]
        #expect(try lost(plan, under: directory).count == plan.mounts.count)
    }
}
