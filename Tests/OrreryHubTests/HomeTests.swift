import Foundation
import OrreryFetch
import OrreryModel
import OrrerySpawn
import OrreryStore
import Testing

@testable import OrreryHub

struct HomeTests {
    @Test func saysWhatWillBeMountedAndWhatNotAndWhy() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("grace", groups: [Group(name: "science", gid: 5002)])
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "grace")
            let page = try await browser.get("/hub/home").text
            for words in [
                "/home/grace", "Standard notebook", "North", "South", "only atlas have it", "profile special",
                "Wherever it fits best", "your home is here +40", "all your data is here +25",
            ] {
                #expect(page.contains(words), "\(words)")
            }
            #expect(!page.contains("/scratch/grace"))
        }
    }

    @Test func startingStoresTheSessionAndShowsItsProgress() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let fields = [
                ("_xsrf", try await browser.proof()), ("profile", "standard"), ("environment", "lab"),
                ("size", "large"),
                ("cluster", "south"),
            ]
            let started = try await browser.post(
                "/hub/start?next=/user/ada/lab/tree/a", fields.map { (name: $0.0, value: $0.1) })
            let ada = try #require(try await hub.database.person(named: "ada"))
            let session = try #require(try await hub.database.active(person: ada.id).first)
            #expect(started.location == "/hub/progress/\(session.id)?next=%2Fuser%2Fada%2Flab%2Ftree%2Fa")
            #expect(session.cluster == "south" && session.size == "large")
            // No cluster answers here; whether it has been asked by now is the spawner's haste.
            #expect([.queued, .creating].contains(session.state))
            #expect(session.planHash.utf8.count == 64)
            let progress = try await browser.get(try #require(started.location))
            #expect(progress.status == 200 && progress.text.contains("/user/ada/lab/tree/a"))
            let again = try await browser.post("/hub/start", fields.map { (name: $0.0, value: $0.1) })
            #expect(again.status == 409 && again.text.contains("already running on South"))
        }
    }

    // JupyterLab's "Restart" of a named server comes here.
    @Test func aLinkToANamedServerChoosesItsNameInTheForms() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            let link = "/hub/spawn/ada/gpu?next=%2Fuser%2Fada%2Fgpu%2Flab"
            let home = try #require(try await browser.get(link).location)
            #expect(home == "/hub/home?next=%2Fuser%2Fada%2Fgpu%2Flab&server=gpu")
            try await browser.logIn(as: "ada")
            let field = #"name="server" value="gpu""#
            #expect(try await browser.get(home).text.contains(field))
            #expect(try await !browser.get("/hub/home").text.contains(field))
            #expect(try await !browser.get("/hub/home?server=%22%3E").text.contains("value=\"&quot;"))
            #expect(try await browser.get("/hub/spawn/ada").location == "/hub/home")
            // The form comes back with it.
            let fields = [("_xsrf", try await browser.proof()), ("profile", "standart"), ("server", "gpu")]
            let refused = try await browser.post("/hub/start", fields)
            #expect(refused.status == 422 && refused.text.contains(field))
            try await hub.session(of: ada, server: "gpu")
            #expect(try await !browser.get(home).text.contains(field))
        }
    }

    @Test func aPathOfANamedServerIsNotOpenedInAnotherOne() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            for server in ["gpu", "lab"] { try await hub.session(of: ada, server: server, state: .ended) }
            let first = try await hub.session(of: ada, state: .starting)
            let big = try await hub.session(of: ada, server: "big", state: .starting)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            for (session, next, opened) in [
                (first, "/user/ada/lab/x", "/user/ada/lab/x"), (first, "/user/ada/gpu/lab", "/user/ada/"),
                (first, "/user/ada/big/lab", "/user/ada/"), (big, "/user/ada/big/lab", "/user/ada/big/lab"),
                (big, "/user/ada/lab", "/user/ada/big/"), (first, "/user/ada/bigger", "/user/ada/bigger"),
            ] {
                let page = try await browser.get(
                    "/hub/progress/\(session.id)?" + FormFields.encode([("next", next)])
                ).text
                #expect(page.contains("data-ready=\"\(opened)\""), "\(next) in \(session.prefix)")
            }
        }
    }

    @Test(arguments: [
        ("profile", "special", "only operators have it"), ("size", "huge", "there is no such size"),
        ("cluster", "west", "there is no such cluster"), ("environment", "labb", "did you mean lab?"),
    ])
    func aWrongChoiceIsRefusedByName(_ field: String, _ value: String, _ sentence: String) async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            var fields = ["profile": "standard", "environment": "lab", "size": "small", "cluster": "north"]
            fields[field] = value
            fields["_xsrf"] = try await browser.proof()
            let answer = try await browser.post("/hub/start", fields.map { (name: $0.key, value: $0.value) })
            #expect(answer.status == 422)
            #expect(answer.text.contains(sentence), "\(answer.text)")
        }
    }

    @Test func nobodyStartsOrStopsWithAFormFromElsewhere() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.post("/hub/start", [("profile", "standard")]).status == 403)
            #expect(try await browser.post("/hub/stop/\(session.id)", []).status == 403)
            #expect(try await hub.database.session(id: session.id)?.state == .ready)
        }
    }

    @Test func anotherPersonsSessionIsNotThere() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("grace"), state: .starting)
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let proof = try await browser.proof()
            #expect(try await browser.post("/hub/stop/\(session.id)", [("_xsrf", proof)]).status == 404)
            #expect(try await browser.get("/hub/progress/\(session.id)").status == 404)
            #expect(try await browser.get("/hub/progress/\(session.id)/events").status == 404)
        }
    }

    @Test func homeSaysHowTheLastSessionEndedUntilOneRuns() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            try await hub.session(of: ada, state: .ended)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/home").text.contains("The notebook server crashed"))
            try await hub.session(of: ada)
            let page = try await browser.get("/hub/home").text
            #expect(!page.contains("The notebook server crashed") && page.contains("Name of another session"))
        }
    }

    @Test func theEventsOfASessionEndWithIt() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"), state: .ended)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let answer = try await browser.get("/hub/progress/\(session.id)/events")
            #expect(answer.headers["Content-Type"] == "text/event-stream")
            #expect(answer.text.contains("\"state\":\"ended\"") && answer.text.hasPrefix("id: 1\n"))
            let behind = try await browser.get("/hub/progress/\(session.id)/events", headers: [("Last-Event-ID", "1")])
            #expect(behind.text.isEmpty)
        }
    }

    @Test func whatTheServerSaidLastStandsBelowTheReason() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada, state: .starting)
            let now = hub.clock.now
            _ = try await hub.database.appendEvent(
                session: session.id, at: now, state: .stopping, message: "Its last lines:\nImportError: no module")
            _ = try await hub.database.advance(session.id, at: now) { $0.end(.failedToStart, "It crashed.", at: now) }
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let page = try await browser.get("/hub/progress/\(session.id)").text
            #expect(page.contains("It did not start") && page.contains("It crashed") && page.contains("ImportError"))
            #expect(page.split(separator: "ImportError").count == 2)
            let stopped = try await hub.session(of: ada)
            _ = try await hub.database.update(stopped.id) { $0.end(.stoppedByPerson, "Stopped by ada.", at: now) }
            #expect(try await browser.get("/hub/progress/\(stopped.id)").location == "/hub/home")
        }
    }

    @Test func filesOfPagesAreServedForAYear() async throws {
        try await TestHub.run { hub in
            let answer = try await hub.send("GET", Asset.style.path)
            #expect(answer.status == 200 && answer.headers["Cache-Control"] == Asset.cacheControl)
            #expect(answer.headers["Content-Type"] == "text/css; charset=utf-8")
            #expect(try await hub.send("GET", "/hub/static/0/none.css").status == 404)
        }
    }

    @Test func aPageThatIsNotThereIsAPageForPeopleAndJSONForPrograms() async throws {
        try await TestHub.run { hub in
            let page = try await hub.send("GET", "/hub/nothing", headers: [("Accept", "text/html")])
            #expect(page.status == 404 && page.headers["Content-Type"]?.hasPrefix("text/html") == true)
            #expect(page.text.contains(page.headers["X-Request-Id"] ?? "?"))
            let program = try await hub.send("GET", "/hub/api/nothing", headers: [("Accept", "text/html")])
            #expect(program.status == 404 && program.json?["status"] == 404)
        }
    }

    @Test(arguments: ["size=%", "size=%ff", "size=small&size=large", "profile=standard&profile=special", "size=%C3"])
    func aFormThatCannotBeReadInOneWayStartsNothing(_ fields: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let answer = try await browser.send(
                "POST", "/hub/start", headers: [("Accept", "text/html")],
                body: "_xsrf=\(try await browser.proof())&\(fields)")
            #expect(answer.status == 400 && answer.text.contains("form"))
            #expect(try await hub.database.active(person: ada.id).isEmpty)
        }
    }

    @Test func aVeryLongNameIsNotRepeatedToAnybody() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let long = String(repeating: "x", count: 20_000)
            let answer = try await browser.post(
                "/hub/start", [("_xsrf", try await browser.proof()), ("profile", long)])
            #expect(answer.status == 422 && !answer.text.contains(long))
        }
    }

    @Test func aSessionThatRanAndEndedDidStart() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let now = hub.clock.now
            _ = try await hub.database.appendEvent(session: session.id, at: now, state: .answering, message: "Asking.")
            _ = try await hub.database.advance(session.id, at: now) { $0.end(.crashed, "It crashed.", at: now) }
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let page = try await browser.get("/hub/progress/\(session.id)").text
            #expect(page.contains("It ended") && !page.contains("It did not start"))
            #expect(!page.contains("phase failed") && !page.contains("phase pending") && page.contains("phase done"))
        }
    }

    @Test func sinceWhenNobodyReachesAClusterIsSaidOnce() {
        let away = ConditionWords(.unreachable(since: TurnedClock().now, reason: "connection refused"))
        let verdict = "it cannot be reached since 2026-11-21 12:31 UTC (connection refused); choose another cluster"
        #expect(away.beside(verdict) == (nil, verdict))
        let alone = away.beside(nil)
        #expect(alone.text?.hasPrefix("since ") == true && alone.refusal == "it cannot be reached now")
        let unwell = ConditionWords(.degraded("it answers slowly"))
        #expect(unwell.beside("no free GPU") == ("it answers slowly", "no free GPU"))
        #expect(unwell.beside(nil) == ("it answers slowly", nil))
    }

    @Test func sizesAreInWordsForPeople() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/home").text.contains("2 CPU, 4 GiB memory"))
        }
    }

    @Test func whoseSessionSomebodyElseStoppedIsTold() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let now = hub.clock.now
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            for (sentence, isTold) in [
                ("Stopped by boss, since North is emptied.", true), ("Stopped by boss.", true),
                ("Stopped by ada.", false),
            ] {
                let session = try await hub.session(of: ada)
                _ = try await hub.database.update(session.id) { $0.end(.stoppedByPerson, sentence, at: now) }
                let words = sentence.dropLast()
                #expect(try await browser.get("/hub/home").text.contains(words) == isTold, "\(words)")
                let way = try await browser.get("/hub/progress/\(session.id)")
                #expect(way.location == (isTold ? nil : "/hub/home") && way.text.contains(words) == isTold)
                hub.clock.turn(by: .seconds(1))
            }
        }
    }
}
