import Foundation
import OrreryModel
import OrreryPolicy
import Testing

/// What is not allowed unless somebody wrote that it is: one test for each line of the list.
struct DeniedByDefaultTests {
    private func paths(_ directory: PolicyDirectory, _ person: Person, at now: Date = .before) throws -> [String] {
        try directory.load().mounts(for: person, on: "north", at: now).mounts.map(\.path)
    }

    private func sentences(_ directory: PolicyDirectory) throws -> String {
        try directory.sentences().joined(separator: "\n")
    }

    // 1. No grant, no mount; an absent or empty list of people is nobody.

    @Test func aFilesetWithoutGrantsIsNobodys() throws {
        let policy = try PolicyDirectory()
            .replacing("    grants: [{to: [developers], mode: rw}]\n", with: "").load()
        let decision = policy.mounts(for: .named(in: PolicyDirectory.groups), on: "north", at: .before)
        #expect(!decision.mounts.contains { $0.fileset == "scratch" })
        #expect(decision.refusals.contains { "\($0)" == "fileset scratch: nobody has it" })
    }

    @Test func anEmptyListOfSurfacesIsNone() throws {
        #expect(try !paths(PolicyDirectory(), .named(in: ["developers"])).contains("/software"))
    }

    @Test func aProfileWithoutAllowIsNobodys() throws {
        let policy = try PolicyDirectory()
            .replacing("    allow: [developers, science]\n", in: "profiles.yaml", with: "").load()
        #expect(
            policy.profiles(for: .named(in: PolicyDirectory.groups)).first?.refusal?.description
                == "profile standard: nobody has it")
    }

    @Test func aProfileWithoutFilesetsHasOnlyTheRequired() throws {
        let policy = try PolicyDirectory()
            .replacing("require: [home], offer: all", in: "profiles.yaml", with: "require: [home]").load()
        let offering = try #require(policy.profile(named: "standard")).filesets
        let decision = policy.mounts(for: .named(in: ["developers"]), on: "north", at: .before, offering: offering)
        #expect(decision.mounts.map(\.fileset) == ["home"])
        #expect(
            decision.refusals.map(\.description) == [
                "fileset project-shared: this profile leaves it out", "fileset scratch: this profile leaves it out",
            ])
    }

    // 2. Writable only where it is written.

    @Test func aGrantWithoutModeIsReadOnly() throws {
        let policy = try PolicyDirectory().replacing("[developers], mode: rw", with: "[developers]").load()
        let mounts = policy.mounts(for: .named(in: ["developers"]), on: "north", at: .before).mounts
        #expect(mounts.first { $0.fileset == "scratch" }?.isReadOnly == true)
    }

    // 3. Without a uid and a gid, or with 0, no files; a required one refuses the session.

    @Test(arguments: [(nil, 20001), (20001, nil), (0, 20001), (20001, 0)] as [(UInt32?, UInt32?)])
    func nobodyWithoutNumbersHasFiles(uid: UInt32?, gid: UInt32?) throws {
        let person = Person.named(in: ["developers"], uid: uid, gid: gid)
        let policy = try PolicyDirectory().load()
        let decision = policy.mounts(for: person, on: "north", at: .before)
        #expect(decision.mounts.isEmpty)
        #expect(decision.blockers.map(\.what) == ["fileset home"])
        #expect(
            policy.plan(for: person, profile: "standard", cluster: "north", at: .before)
                == .refused([
                    Refusal(
                        "person ada", because: "you have no user and group number here, and a session needs them",
                        remedy: "ask an administrator for a uid and a gid")
                ]))
    }

    // 4. Groups are compared exactly.

    @Test(arguments: ["Developers", "developer", "developers ", "x:developers"])
    func aGroupThatIsAlmostTheSameIsAnother(group: String) throws {
        #expect(try !paths(PolicyDirectory(), .named(in: [group])).contains("/scratch/ada"))
    }

    // 6. Names that are not canonical, and names that are reserved.

    @Test(arguments: ["..", ".", "", "Ada", "a/b", "ada ", "-ada", "ada-", "ad\u{E4}", "a\0b", "a", "../grace"])
    func aNameThatIsNotCanonicalHasNoDirectory(name: String) throws {
        let policy = try PolicyDirectory().load()
        let decision = policy.mounts(for: .named(name, in: ["developers"]), on: "north", at: .before)
        #expect(decision.mounts.map(\.path) == ["/project/shared"])
        #expect(decision.blockers.map(\.reason) == ["your name `\(name)` cannot be that of a directory"])
    }

    @Test(arguments: ["project:..", "project:a/b", "project:Photoz", "project:a.b", "project:", "project:\u{E4}"])
    func aGroupWhoseNameIsNotCanonicalHasNoDirectory(group: String) throws {
        #expect(try paths(PolicyDirectory(), .named(in: [group])) == ["/home/ada", "/project/shared"])
    }

    @Test func aGroupCalledLikeASiblingIsRefused() throws {
        let mounts = try PolicyDirectory().load()
            .mounts(for: .named(in: ["project:shared"]), on: "north", at: .before).mounts
        #expect(mounts.filter { $0.path == "/project/shared" }.map(\.fileset) == ["project-shared"])
    }

    // 7. The whole tree when the mount is the only wall.

    @Test(arguments: [
        ("home: {pvc: home, path: \"{user}\"}", "home: {pvc: home}", "put `{user}` in `path`"),
        (
            "project: {pvc: project, path: \"g/{group}\"}", "project: {pvc: projects, path: g}",
            "put `{group}` in `path`"
        ),
    ])
    func aTreeOfManyIsNotMountedForOne(right: String, wrong: String, sentence: String) throws {
        let directory = PolicyDirectory().replacing(right, in: "clusters/north.yaml", with: wrong)
        #expect(try sentences(directory).hasSuffix(sentence))
        let walled = directory.replacing(
            wrong, in: "clusters/north.yaml", with: wrong.dropLast() + ", wall: mount+posix}")
        #expect(try sentences(walled) == "")
    }

    // 8. Directories of the node that nobody listed; any of a profile.

    @Test(arguments: ["", "hostPaths: [/srv/homes]", "hostPaths: [/sr]"])
    func aDirectoryOfTheNodeMustBeListed(line: String) throws {
        let directory = PolicyDirectory()
            .replacing("{pvc: home,", in: "clusters/north.yaml", with: "{hostPath: /srv/home,")
            .replacing("sources:", in: "clusters/north.yaml", with: "\(line)\nsources:")
        #expect(try sentences(directory).hasSuffix("/srv/home lies in none of the directories of `hostPaths`"))
    }

    @Test func aProfileCannotNameADirectoryOfTheNode() throws {
        let directory = PolicyDirectory().replacing("offer: all", in: "profiles.yaml", with: "hostPath: /srv")
        #expect(try sentences(directory).contains("unknown key `hostPath`"))
    }

    // 9. Reserved paths.

    @Test(arguments: [
        "/", "/etc", "/etc/passwd", "/proc", "/sys/fs", "/dev", "/run", "/run/orrery", "/var/run/secrets/x", "/var",
        "/tmp", "/tmp/x", "/usr", "/bin",
    ])
    func aReservedPathIsNotMounted(path: String) throws {
        #expect(try sentences(PolicyDirectory().replacing("/software", with: path)).contains(" is reserved"))
    }

    @Test func aHoleDoesNotOpenAReservedPath() throws {
        let directory = PolicyDirectory().replacing("/scratch/{user}", with: "/run/{user}")
        #expect(try paths(directory, .named("ada", in: ["developers"])).contains("/run/ada"))
        #expect(try !paths(directory, .named("orrery", in: ["developers"])).contains("/run/orrery"))
        #expect(
            try sentences(PolicyDirectory().replacing("/scratch/{user}", with: "/tmp/{user}")).contains(
                "/tmp is reserved"))
    }

    // 10. Data under embargo; a date without a zone.

    @Test func anEmbargoHoldsUntilItsDate() throws {
        #expect(try !paths(PolicyDirectory(), .named(in: ["science"])).contains("/datasets/dr3"))
    }

    @Test(arguments: ["2027-06-30", "2027-06-30T00:00:00"])
    func aDateWithoutZoneIsAnError(date: String) throws {
        let directory = PolicyDirectory().replacing("2027-06-30T00:00:00Z", with: date)
        #expect(try sentences(directory).contains("a moment with its zone"))
    }

    // 11. A quota that nothing keeps.

    @Test(arguments: [("", true), (", quota: enforced", false), (", quota: advisory", false)])
    func aQuotaNeedsAStorageThatSaysWhetherItKeepsIt(quota: String, isRefused: Bool) throws {
        var directory = PolicyDirectory().replacing("home: true", with: "home: true\n    quota: 100Gi")
        for cluster in ["north", "south"] {
            directory = directory.replacing("{pvc: home", in: "clusters/\(cluster).yaml", with: "{pvc: home\(quota)")
        }
        #expect(try sentences(directory).contains("`home` has a quota of 100Gi") == isRefused)
    }

    // 15. A fileset that only some clusters are trusted with: until that is followed, it is not accepted.

    @Test func aRuleThatIsNotFollowedIsNotAccepted() throws {
        let directory = PolicyDirectory().replacing("never: [suspended]", with: "clusters: {trust: collaboration}")
        #expect(try sentences(directory) == "filesets.yaml:19:5: filesets.dr3: `clusters` is not supported yet")
    }
}
