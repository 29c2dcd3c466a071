import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct StoppedTests {
    @Test(arguments: [
        ("GET", "/user/ada/api/status"), ("GET", "/user/ada/gpu/api/kernels?x=1"), ("POST", "/user/ada/api/sessions"),
        ("DELETE", "/user/ada/files/x"), ("POST", "/user/nobody/lab"),
    ])
    func programsAreToldAtOnce(_ method: String, _ path: String) async throws {
        try await TestHub.run { hub in
            let answer = try await hub.send(method, path, headers: [("Accept", "*/*")])
            #expect(answer.status == 424)
            #expect(answer.json?["message"]?.string?.contains("/hub/home") == true)
        }
    }

    @Test func peopleAreLedToWhereItCanBeStarted() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            #expect(try await browser.get("/user/ada/lab?x=1").location == "/hub/user/ada/lab?x=1")
            let stranger = try await browser.get("/hub/user/ada/lab/tree/a.ipynb?x=1")
            #expect(stranger.location == "/hub/login?next=%2Fuser%2Fada%2Flab%2Ftree%2Fa.ipynb%3Fx%3D1")
            try await browser.logIn(as: "ada")
            try await hub.session(of: ada, state: .ended)
            let page = try await browser.get("/hub/user/ada/lab")
            #expect(page.status == 424)
            #expect(page.text.contains("The notebook server crashed") && page.text.contains("/hub/home?next"))
            let leaving = try await hub.session(of: ada, state: .stopping)
            #expect(try await browser.get("/hub/user/ada/lab").status == 424)
            let now = hub.clock.now
            _ = try await hub.database.update(leaving.id) { $0.end(.stoppedByPerson, "Stopped by ada.", at: now) }
            let session = try await hub.session(of: ada, state: .starting)
            let starting = try await browser.get("/hub/user/ada/lab")
            #expect(starting.location == "/hub/progress/\(session.id)?next=%2Fuser%2Fada%2Flab")
        }
    }

    @Test func aReadyServerWithoutARouteIsNotSentInCircles() async throws {
        try await TestHub.run { hub in
            try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let answer = try await browser.get("/hub/user/ada/lab")
            #expect(answer.status == 503 && answer.location == nil)
        }
    }

    @Test func linksForEverybodyLeadToTheOwnServer() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            let link = "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgit.test%2Fx&urlpath=lab%2Ftree"
            #expect(try await browser.get(link).location == "/hub/login?" + FormFields.encode([("next", link)]))
            try await browser.logIn(as: "ada")
            let own = "/user/ada/git-pull?repo=https%3A%2F%2Fgit.test%2Fx&urlpath=lab%2Ftree"
            #expect(try await browser.get(link).location == "/hub/home?" + FormFields.encode([("next", own)]))
            try await hub.session(of: ada)
            #expect(try await browser.get(link).location == own)
        }
    }

    @Test func foldersCalledAPIAreStillPages() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let page = try await browser.get("/user/ada/lab/tree/api/a.ipynb", headers: [("Accept", "text/html,*/*")])
            #expect(page.location == "/hub/user/ada/lab/tree/api/a.ipynb")
        }
    }

    @Test func onlyTheFirstLineOfAnEndIsASentence() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            let now = hub.clock.now
            _ = try await hub.database.update(session.id) { $0.end(.crashed, "It crashed.\nTraceback: x", at: now) }
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            for path in ["/hub/user/ada/lab", "/hub/home"] {
                let page = try await browser.get(path).text
                #expect(page.contains("It crashed") && !page.contains("Traceback") && !page.contains("crashed.."))
            }
        }
    }

    @Test(arguments: ["/hub/user-redirect", "/hub/user-redirect/"])
    func aLinkForEverybodyWithoutARestOpensTheServer(_ link: String) async throws {
        try await TestHub.run { hub in
            try await hub.session(of: hub.person("ada"))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get(link).location == "/user/ada/")
        }
    }

    @Test(arguments: [SessionState.ready, .unreachable])
    func aLinkForEverybodyLeadsToWhateverHasARoute(_ state: SessionState) async throws {
        try await TestHub.run { hub in
            try await hub.session(of: hub.person("ada"), state: state)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await browser.get("/hub/user-redirect/lab?x=1").location == "/user/ada/lab?x=1")
        }
    }

    @Test func aLinkForEverybodySaysThatTheServerIsBeingStopped() async throws {
        try await TestHub.run { hub in
            try await hub.session(of: hub.person("ada"), state: .stopping)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let page = try await browser.get("/hub/user-redirect/lab")
            #expect(page.status == 424 && page.text.contains("/hub/home?next=%2Fuser%2Fada%2Flab"))
        }
    }

    @Test func theEndThatIsToldIsThatOfTheServerAtTheAddress() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            func ended(_ server: String, _ message: String) async throws {
                let session = try await hub.session(of: ada, server: server)
                hub.clock.turn(by: .seconds(1))
                let now = hub.clock.now
                _ = try await hub.database.update(session.id) { $0.end(.crashed, message, at: now) }
            }
            try await ended("gpu", "An older one of gpu.")
            try await ended("gpu", "The end of gpu.")
            try await ended("", "The end of the first.")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            for (path, words, start) in [
                ("gpu/lab", "The end of gpu", "/hub/home?next=%2Fuser%2Fada%2Fgpu%2Flab&amp;server=gpu"),
                ("lab", "The end of the first", "/hub/home?next=%2Fuser%2Fada%2Flab"),
                ("gpus/lab", "The end of the first", "/hub/home?next=%2Fuser%2Fada%2Fgpus%2Flab"),
            ] {
                let page = try await browser.get("/hub/user/ada/\(path)").text
                #expect(page.contains(words) && page.contains("href=\"\(start)\""), "\(path)")
            }
            // Also while the first one starts.
            try await hub.session(of: ada, state: .starting)
            let page = try await browser.get("/hub/user/ada/gpu/lab")
            #expect(page.status == 424 && page.text.contains("The end of gpu"))
            // Another one's address that begins alike tells nothing of ada's.
            #expect(try await !browser.get("/hub/user/adam/lab").text.contains("The end"))
        }
    }

    @Test func aNamedServersPathIsNotTakenForTheFirstOnes() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let first = try await hub.session(of: ada, state: .starting)
            hub.clock.turn(by: .seconds(1))
            let named = try await hub.session(of: ada, server: "big", state: .starting)
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            for (path, session) in [("big/lab", named), ("lab", first), ("bigger", first)] {
                let answer = try await browser.get("/hub/user/ada/\(path)")
                #expect(answer.location?.hasPrefix("/hub/progress/\(session.id)?") == true, "\(path)")
            }
        }
    }
}
