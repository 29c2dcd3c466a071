import Foundation
import OrreryModel
import OrreryPolicy
import Testing

struct MountTests {
    private let policy: Policy

    init() throws { policy = try PolicyDirectory().load() }

    private func decision(_ groups: Set<String>, on cluster: String = "north", at now: Date = .before) -> MountDecision
    {
        policy.mounts(for: .named(in: groups), on: cluster, at: now)
    }

    private func refusal(_ fileset: String, _ decision: MountDecision) -> String? {
        decision.refusals.first { $0.what == "fileset \(fileset)" }?.description
    }

    @Test func aDeveloperSeesWhatDevelopersSee() {
        let decision = decision(["developers", "project:photoz"])
        #expect(
            decision.mounts == [
                Plan.Mount(
                    fileset: "home", path: "/home/ada", isReadOnly: false, source: .claim("home"), subPath: "ada"),
                Plan.Mount(
                    fileset: "project", path: "/project/photoz", isReadOnly: false, source: .claim("project"),
                    subPath: "g/photoz"),
                Plan.Mount(
                    fileset: "project-shared", path: "/project/shared", isReadOnly: true, source: .claim("project"),
                    subPath: "shared"),
                Plan.Mount(
                    fileset: "scratch", path: "/scratch/ada", isReadOnly: false, source: .claim("scratch"),
                    subPath: "ada"),
            ])
        #expect(decision.home == "/home/ada")
        #expect(decision.blockers == [])
    }

    @Test func everyAbsenceHasItsReasonAndRemedy() {
        let decision = decision(["science"])
        #expect(
            decision.refusals.map(\.description) == [
                "fileset dr3: it opens to everyone on 2027-06-30; until then it is for collaborators",
                "fileset project: there is one for each group project:*, and you are in none of them; "
                    + "ask an owner of such a group",
                "fileset scratch: only developers have it; ask an owner of the group developers",
                "fileset software: it is not available in a notebook",
            ])
    }

    @Test func whatIsElsewhereIsSaidToBeThere() {
        #expect(
            refusal("scratch", decision(["developers"], on: "south"))
                == "fileset scratch: it is not on south; start on north, where it is")
    }

    @Test func anEmbargoEndsAtItsMoment() {
        #expect(!decision(["science"], at: .before).mounts.contains { $0.fileset == "dr3" })
        #expect(decision(["science"], at: .opening).mounts.contains { $0.fileset == "dr3" && $0.isReadOnly })
        #expect(decision(["collaborators"], at: .before).mounts.contains { $0.fileset == "dr3" && $0.isReadOnly })
    }

    @Test func neverWinsOverEveryGrant() {
        let decision = decision(["collaborators", "suspended"], at: .after)
        #expect(refusal("dr3", decision) == "fileset dr3: members of suspended never get it; ask an administrator")
    }

    @Test func aGrantThatIsOverSaysSince() throws {
        let policy = try PolicyDirectory()
            .replacing("to: [developers], mode: rw", with: "to: [developers], mode: rw, until: 2027-06-30T12:00:00Z")
            .load()
        let decision = policy.mounts(for: .named(in: ["developers"]), on: "north", at: .after)
        #expect(refusal("scratch", decision) == "fileset scratch: it was open to developers until 2027-06-30 12:00 UTC")
    }

    @Test func aCollidingGroupIsRefusedAndItsSiblingKept() {
        let decision = decision(["project:shared", "project:photoz"])
        #expect(decision.mounts.map(\.path) == ["/home/ada", "/project/photoz", "/project/shared"])
        #expect(decision.mounts.last?.fileset == "project-shared")
        #expect(
            refusal("project of project:shared", decision)
                == "fileset project of project:shared: its path /project/shared belongs to the fileset "
                + "project-shared; ask an administrator for another name")
    }

    @Test func anOuterMountComesBeforeTheInnerOne() throws {
        let policy = try PolicyDirectory().replacing("/scratch/{user}", with: "/home/{user}/scratch").load()
        let mounts = policy.mounts(for: .named("zoe", in: ["developers"]), on: "north", at: .before).mounts
        #expect(mounts.map(\.path) == ["/home/zoe", "/project/shared", "/home/zoe/scratch"])
    }

    @Test func onlyGroupsThatGrantedSomethingAreCarried() {
        let person = Person.named(
            in: ["developers", "project:photoz", "operators"],
            gids: ["developers": 5001, "project:photoz": 5101, "operators": 5003])
        let decision = policy.mounts(for: person, on: "south", at: .before)
        #expect(
            decision.groups.map(\.name) == ["project:photoz"], "scratch is not on south, so developers is not needed")
        #expect(
            policy.mounts(for: person, on: "north", at: .before).groups.compactMap(\.gid).sorted() == [5001, 5101])
    }

    @Test func aHostPathIsMountedWithItsDirectory() throws {
        let policy = try PolicyDirectory()
            .replacing(
                "{pvc: home, path: \"{user}\"}", in: "clusters/north.yaml",
                with: "{hostPath: /srv/home, path: \"{user}\"}"
            )
            .replacing("sources:", in: "clusters/north.yaml", with: "hostPaths: [/srv]\nsources:").load()
        let mount = policy.mounts(for: .named(in: []), on: "north", at: .before).mounts.first
        #expect(mount?.source == .hostPath("/srv/home"))
        #expect(mount?.subPath == "ada")
    }
}
