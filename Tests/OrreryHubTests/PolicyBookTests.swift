import Foundation
import OrreryDocument
import OrreryFetch
import OrreryModel
import OrreryPolicy
import Synchronization
import Testing

@testable import OrreryHub

/// Documents that change while the hub runs.
struct PolicyBookTests {
    private static func inDirectory(_ body: (String, PolicyBook) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let clock = TurnedClock()
        let book = PolicyBook(
            try TestPolicy.load(in: directory), logger: TestHub.quiet, now: { clock.now },
            reading: {
                clock.turn(by: .seconds(60))
                let (policy, errors) = Policy.loadAll(directory: directory, groups: TestPolicy.groups)
                guard let policy else { return .failure(PolicyErrors(sentences: errors.map(\.description))) }
                return .success(policy)
            })
        try await body(directory, book)
    }

    private static func change(_ text: String, to other: String, in file: String) throws {
        let content = try String(contentsOfFile: file, encoding: .utf8)
        #expect(content.contains(text))
        try content.replacingOccurrences(of: text, with: other).write(toFile: file, atomically: true, encoding: .utf8)
    }

    @Test func goodDocumentsComeIntoForceAndBadOnesLeaveTheLastGoodOnes() async throws {
        try await Self.inDirectory { directory, book in
            let (profiles, start) = ("\(directory)/profiles.yaml", book.standing.since)
            try Self.change("title: Standard notebook", to: "title: Better notebook", in: profiles)
            book.reload()
            #expect(book.current.profile(named: "standard")?.title == "Better notebook")
            #expect(book.standing.since == start + 60 && book.standing.taken == 1)

            try Self.change("title: Better notebook", to: "titel: Worse notebook", in: profiles)
            book.reload()
            #expect(book.current.profile(named: "standard")?.title == "Better notebook")
            let rejection = try #require(book.standing.rejection)
            #expect(rejection.errors.count == 1 && rejection.errors[0].contains("profiles.yaml:"))
            #expect(rejection.errors[0].contains("did you mean `title`?"))
            #expect(book.standing.since == start + 60 && book.standing.metrics.contains("orrery_policy_rejected 1\n"))
            #expect(book.standing.notice?.next?.contains("did you mean `title`?") == true)
            #expect(book.standing.notice?.text.contains(" \(Moment(book.standing.since).text) ") == true)

            try Self.change("titel: Worse notebook", to: "title: Better notebook", in: profiles)
            book.reload()
            #expect(book.standing.rejection == nil && book.standing.taken == 1 && book.standing.rejected == 1)
            #expect(book.standing.notice == nil && book.standing.metrics.contains("orrery_policy_rejected 0\n"))
        }
    }

    @Test func aTestOfThePolicyThatFailsKeepsItOut() async throws {
        try await Self.inDirectory { directory, book in
            let text = "  home:\n    at: \"/home/{user}\"\n"
            try Self.change(
                "filesets:\n\(text)",
                to: "tests: [{who: {groups: [science]}, on: north, sees: {/scratch/ann: rw}}]\nfilesets:\n\(text)",
                in: "\(directory)/filesets.yaml")
            book.reload()
            #expect(book.standing.rejection?.errors.first?.contains("should see /scratch/ann rw") == true)
        }
    }

    @Test func aDirectoryThatIsGoneLeavesThePolicy() async throws {
        try await Self.inDirectory { directory, book in
            try FileManager.default.removeItem(atPath: directory)
            book.reload()
            #expect(book.standing.rejection?.errors.isEmpty == false && book.current.profile(named: "standard") != nil)
        }
    }

    @Test func filesAreReadOnceTheyStayAsTheyAre() {
        let mark = { (size: Int) in ["a": PolicyFiles.Mark(changed: nil, size: size, number: 1)] }
        var files = WatchedFiles(mark(1))
        let looks = [mark(1), mark(2), mark(3), mark(3), mark(3), [:], [:], mark(3), mark(3)]
        #expect(looks.map { files.haveSettled($0) } == [false, false, false, true, false, false, true, false, true])
    }

    /// A hub that starts reads them long before it looks for changes.
    @Test func whatChangesAfterTheFirstReadingIsReadAlthoughNobodyHadLookedYet() async throws {
        try await Self.inDirectory { directory, book in
            let seen = PolicyFiles.marks(in: directory)
            try Self.change("title: Standard notebook", to: "title: Better notebook", in: "\(directory)/profiles.yaml")
            let watch = PolicyWatch(
                book: book, directory: directory, seen: seen, pause: .milliseconds(1), logger: TestHub.quiet)
            let running = Task { try await watch.run() }
            let deadline = ContinuousClock.now + .seconds(60)
            while book.standing.taken == 0, ContinuousClock.now < deadline { await Task.yield() }
            #expect(book.current.profile(named: "standard")?.title == "Better notebook")
            running.cancel()
            _ = await running.result
        }
    }

    @Test func everyDocumentIsWatched() async throws {
        try await Self.inDirectory { directory, _ in
            let before = PolicyFiles.marks(in: directory)
            #expect(
                before.keys.sorted() == [
                    "clusters/north.yaml", "clusters/south.yaml", "filesets.yaml", "profiles.yaml",
                ])
            try Self.change("cluster: north", to: "cluster:  north", in: "\(directory)/clusters/north.yaml")
            let after = PolicyFiles.marks(in: directory)
            #expect(before.filter { after[$0.key] != $0.value }.keys.sorted() == ["clusters/north.yaml"])
        }
    }

    @Test func operatorsAndNobodyElseSeeHowThePolicyStands() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let chief = try await hub.person(
                "grace", groups: [Group(name: "atlas"), Group(name: "operators")], isAdmin: true)
            let (own, token) = (
                try await hub.token(of: ada, scopes: ["read:users!user=ada"]),
                try await hub.token(of: chief, scopes: ["admin:policy"])
            )
            for path in ["/policy", "/metrics"] {
                #expect(try await hub.call("GET", path, token: own).status == 403)
            }
            #expect(try await hub.call("POST", "/policy/reload", token: own).status == 403)
            let shown = try await hub.call("GET", "/policy", token: token)
            #expect(shown.status == 200 && shown.json?["documents"]?["profiles"] == ["special", "standard"])
            #expect(shown.json?["rejection"] == .null)
            // The configuration of these tests knows fewer groups than the documents name.
            let reloaded = try await hub.call("POST", "/policy/reload", token: token)
            #expect(reloaded.status == 422)
            #expect(reloaded.json?["rejection"]?["errors"]?.array?.isEmpty == false)
            _ = try await hub.session(of: ada)
            try await hub.services.registry.load()
            let metrics = try await hub.call("GET", "/metrics", token: token).text
            let lines = [
                "orrery_policy_rejected 1", #"orrery_sessions{state="ready"} 1"#, #"orrery_sessions{state="queued"} 0"#,
                #"orrery_clusters{health="never-seen"} 2"#, #"orrery_clusters{health="unreachable"} 0"#,
            ]
            for line in lines { #expect(metrics.contains("\n\(line)\n"), "\(metrics)") }
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "grace")
            #expect(try await browser.get("/hub/home").text.contains("were changed and are wrong"))
            try await browser.logIn(as: "ada")
            #expect(try await !browser.get("/hub/home").text.contains("were changed and are wrong"))
        }
    }

    @Test func whatCountsFromTheNextStartOnlyIsSaid() async throws {
        try await Self.inDirectory { directory, book in
            let (file, lines) = ("\(directory)/orrery.yaml", KeptLines())
            try ConfigurationTests.text.write(toFile: file, atomically: true, encoding: .utf8)
            let configuration = try HubConfiguration.read(file: file)
            let watch = PolicyWatch(
                book: book, directory: directory, seen: [:], configuration: configuration.source, logger: lines.logger)
            watch.reload()
            #expect(lines.all.isEmpty)
            try Self.change("deny: [", to: "deny: [eve, ", in: file)
            watch.reload()
            #expect(lines.count(of: "the configuration has changed") == 1)
            #expect(!lines.all.description.contains("s3cret"))
        }
    }
}
