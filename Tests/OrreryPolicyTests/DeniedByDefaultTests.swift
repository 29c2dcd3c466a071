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

    @Test("D1 a fileset without grants is nobody's")
    func aFilesetWithoutGrantsIsNobodys() throws {
        let policy = try PolicyDirectory()
            .replacing("    grants: [{to: [developers], mode: rw}]\n", with: "").load()
        let decision = policy.mounts(for: .named(in: PolicyDirectory.groups), on: "north", at: .before)
        #expect(!decision.mounts.contains { $0.fileset == "scratch" })
        #expect(decision.refusals.contains { "\($0)" == "fileset scratch: nobody has it" })
    }

    @Test("D1 an empty list of surfaces is none")
    func anEmptyListOfSurfacesIsNone() throws {
        #expect(try !paths(PolicyDirectory(), .named(in: ["developers"])).contains("/software"))
    }

    @Test("D1 a profile without a list of people is nobody's")
    func aProfileWithoutAllowIsNobodys() throws {
        let policy = try PolicyDirectory()
            .replacing("    allow: [developers, science]\n", in: "profiles.yaml", with: "").load()
        #expect(
            policy.profiles(for: .named(in: PolicyDirectory.groups)).first?.refusal?.description
                == "profile standard: nobody has it")
    }

    @Test("D1 a profile that offers no filesets has only the required ones")
    func aProfileWithoutFilesetsHasOnlyTheRequired() throws {
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

    @Test("D2 a grant without a mode is read-only")
    func aGrantWithoutModeIsReadOnly() throws {
        let policy = try PolicyDirectory().replacing("[developers], mode: rw", with: "[developers]").load()
        let mounts = policy.mounts(for: .named(in: ["developers"]), on: "north", at: .before).mounts
        #expect(mounts.first { $0.fileset == "scratch" }?.isReadOnly == true)
    }

    // 3. Without a uid and a gid, or with 0, no files; a required one refuses the session.

    @Test(
        "D3 nobody without a uid and a gid has files",
        arguments: [(nil, 20001), (20001, nil), (0, 20001), (20001, 0)] as [(UInt32?, UInt32?)])
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

    @Test(
        "D4 a group that is almost the same is another",
        arguments: ["Developers", "developer", "developers ", "x:developers"])
    func aGroupThatIsAlmostTheSameIsAnother(group: String) throws {
        #expect(try !paths(PolicyDirectory(), .named(in: [group])).contains("/scratch/ada"))
    }

    // 6. Names that are not canonical, and names that are reserved.

    @Test(
        "D6 a name that is not canonical has no directory",
        arguments: ["..", ".", "", "Ada", "a/b", "ada ", "-ada", "ada-", "ad\u{E4}", "a\0b", "a", "../grace"])
    func aNameThatIsNotCanonicalHasNoDirectory(name: String) throws {
        let policy = try PolicyDirectory().load()
        let decision = policy.mounts(for: .named(name, in: ["developers"]), on: "north", at: .before)
        #expect(decision.mounts.map(\.path) == ["/project/shared"])
        #expect(decision.blockers.map(\.reason) == ["your name `\(name)` cannot be that of a directory"])
    }

    @Test(
        "D6 a group whose name is not canonical has no directory",
        arguments: ["project:..", "project:a/b", "project:Photoz", "project:a.b", "project:", "project:\u{E4}"])
    func aGroupWhoseNameIsNotCanonicalHasNoDirectory(group: String) throws {
        #expect(try paths(PolicyDirectory(), .named(in: [group])) == ["/home/ada", "/project/shared"])
    }

    @Test("D6 a group called like a sibling is refused")
    func aGroupCalledLikeASiblingIsRefused() throws {
        let mounts = try PolicyDirectory().load()
            .mounts(for: .named(in: ["project:shared"]), on: "north", at: .before).mounts
        #expect(mounts.filter { $0.path == "/project/shared" }.map(\.fileset) == ["project-shared"])
    }

    // 7. The whole tree when the mount is the only wall.

    @Test(
        "D7 a whole tree behind a wall of mounts alone is refused",
        arguments: [
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

    @Test("D7 a home is not everybody's because its place in the session is the same for all")
    func aHomeAtAFixedPlaceIsStillSomebodys() throws {
        let directory = PolicyDirectory().replacing("at: \"/home/{user}\"", with: "at: /home/jovyan")
        #expect(try sentences(directory) == "")
        let whole = directory.replacing(
            "home: {pvc: home, path: \"{user}\"}", in: "clusters/north.yaml", with: "home: {pvc: home}")
        #expect(try sentences(whole).hasSuffix("put `{user}` in `path`"))
    }

    // 8. Directories of the node that nobody listed; any of a profile.

    @Test(
        "D8 a directory of the nodes that the site did not list is refused",
        arguments: ["", "hostPaths: [/srv/homes]", "hostPaths: [/sr]"])
    func aDirectoryOfTheNodeMustBeListed(line: String) throws {
        let directory = PolicyDirectory()
            .replacing("{pvc: home,", in: "clusters/north.yaml", with: "{hostPath: /srv/home,")
            .replacing("sources:", in: "clusters/north.yaml", with: "\(line)\nsources:")
        #expect(try sentences(directory).hasSuffix("/srv/home lies in none of the directories of `hostPaths`"))
    }

    @Test("D8 a profile cannot name a directory of the nodes")
    func aProfileCannotNameADirectoryOfTheNode() throws {
        let directory = PolicyDirectory().replacing("offer: all", in: "profiles.yaml", with: "hostPath: /srv")
        #expect(try sentences(directory).contains("unknown key `hostPath`"))
    }

    // 9. Reserved paths.

    @Test(
        "D9 a reserved path is not mounted",
        arguments: [
            "/", "/etc", "/etc/passwd", "/proc", "/sys/fs", "/dev", "/run", "/run/orrery", "/var/run/secrets/x", "/var",
            "/tmp", "/tmp/x", "/usr", "/bin",
        ])
    func aReservedPathIsNotMounted(path: String) throws {
        #expect(try sentences(PolicyDirectory().replacing("/software", with: path)).contains(" is reserved"))
    }

    @Test("D9 a hole does not open a reserved path")
    func aHoleDoesNotOpenAReservedPath() throws {
        let directory = PolicyDirectory().replacing("/scratch/{user}", with: "/run/{user}")
        #expect(try paths(directory, .named("ada", in: ["developers"])).contains("/run/ada"))
        #expect(try !paths(directory, .named("orrery", in: ["developers"])).contains("/run/orrery"))
        #expect(
            try sentences(PolicyDirectory().replacing("/scratch/{user}", with: "/tmp/{user}")).contains(
                "/tmp is reserved"))
    }

    // 10. Data under embargo; a date without a zone.

    @Test("D10 an embargo holds until its date")
    func anEmbargoHoldsUntilItsDate() throws {
        #expect(try !paths(PolicyDirectory(), .named(in: ["science"])).contains("/datasets/dr3"))
    }

    @Test("D10 a date without zone is an error", arguments: ["2027-06-30", "2027-06-30T00:00:00"])
    func aDateWithoutZoneIsAnError(date: String) throws {
        let directory = PolicyDirectory().replacing("2027-06-30T00:00:00Z", with: date)
        #expect(try sentences(directory).contains("a moment with its zone"))
    }

    // 11. A quota that nothing keeps.

    @Test(
        "D11 a quota needs a storage that says whether it keeps it",
        arguments: [("", true), (", quota: enforced", false), (", quota: advisory", false)])
    func aQuotaNeedsAStorageThatSaysWhetherItKeepsIt(quota: String, isRefused: Bool) throws {
        var directory = PolicyDirectory().replacing("home: true", with: "home: true\n    quota: 100Gi")
        for cluster in ["north", "south"] {
            directory = directory.replacing("{pvc: home", in: "clusters/\(cluster).yaml", with: "{pvc: home\(quota)")
        }
        #expect(try sentences(directory).contains("`home` has a quota of 100Gi") == isRefused)
    }
}
