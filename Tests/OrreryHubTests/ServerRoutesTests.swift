import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct ServerRoutesTests {
    @Test func aServerThatIsOnItsWayIsNotStartedTwice() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            let session = try await hub.session(of: ada, state: .image)
            #expect(try await hub.call("POST", "/users/ada/server", token: token).status == 202)
            #expect(try await hub.database.active(person: ada.id).map(\.id) == [session.id])
            let model = try await hub.call("GET", "/users/ada/server", token: token).json
            #expect(model?["pending"] == "spawn" && model?["ready"] == false)
        }
    }

    /// In JupyterHub's words, which clients look for.
    @Test(arguments: [(SessionState.stopping, "ada is pending stop"), (.ready, "ada is already running")])
    func whatIsThereAlreadyIsSaidInTheWordsOfTheContract(_ state: SessionState, _ words: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            try await hub.session(of: ada, state: state)
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            let answer = try await hub.call("POST", "/users/ada/server", token: token)
            #expect(answer.status == 400 && answer.json?["message"]?.string?.hasPrefix(words) == true)
        }
    }

    /// No more than any site gives.
    @Test func aGraceThatNoSiteGivesIsRefused() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada, state: .ready)
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            for grace in [-1, 301, "1"] as [JSON] {
                let answer = try await hub.call("DELETE", "/users/ada/server", token: token, body: ["grace": grace])
                #expect(answer.status == 400)
                #expect(
                    answer.json?["message"]?.string?.contains("`grace` must be whole seconds from 0 to 300") == true)
            }
            // One that a site gives is an administrator's.
            let answer = try await hub.call("DELETE", "/users/ada/server", token: token, body: ["grace": 300])
            #expect(answer.status == 403)
            #expect(try await hub.database.session(id: session.id)?.state == .ready)
        }
    }

    @Test func aWrongChoiceIsA422ThatNamesIt() async throws {
        try await TestHub.run { hub in
            let token = try await hub.token(of: hub.person("ada"), scopes: ["servers!user=ada"])
            for body in [["user_options": ["profile": "standart"]], ["profile": "standart"]] as [JSON] {
                let answer = try await hub.call("POST", "/users/ada/server", token: token, body: body)
                #expect(answer.status == 422)
                #expect(answer.json?["message"]?.string?.contains("did you mean standard?") == true)
            }
        }
    }

    // Otherwise the default would start, and look like what was asked for.
    @Test(
        arguments: [
            (["user_options": ["profil": "standard"]], 422, "profil"), (["profil": "standard"], 422, "profil"),
            (["user_options": "gpu"], 400, "user_options"), ([], 400, "object"), ("gpu", 400, "object"),
            (["user_options": ["profile": "standard"], "profile": "special"], 422, "profile"),
        ] as [(JSON, Int, String)])
    func whatNobodyUnderstandsStartsNothing(_ body: JSON, _ status: Int, _ word: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            let answer = try await hub.call("POST", "/users/ada/server", token: token, body: body)
            #expect(answer.status == status && answer.json?["message"]?.string?.contains(word) == true)
            #expect(try await hub.database.active(person: ada.id).isEmpty)
        }
    }

    // As clients of JupyterHub send it: nothing, null, or what JupyterHub's own page sends beside the options.
    @Test(
        arguments: [
            nil, .null, [:], ["user_options": .null], ["user_options": [:]],
            ["user_options": ["size": "small"], "display_name": "mine"],
        ] as [JSON?])
    func whatClientsOfTheContractSendIsUnderstood(_ body: JSON?) throws {
        let choice = try ServerRoutes.choice(body)
        #expect(choice == SessionChoice(size: body?["user_options"]?["size"]?.string))
    }

    @Test(arguments: ["GPU", "a_b", "-a", "a-", String(repeating: "a", count: 31)])
    func aServersNameHasARule(_ name: String) async throws {
        try await TestHub.run { hub in
            let token = try await hub.token(of: hub.person("ada"), scopes: ["servers!user=ada"])
            let answer = try await hub.call("POST", "/users/ada/servers/\(name)", token: token)
            #expect(answer.status == 400)
        }
    }

    // Clients of JupyterHub stop the default server without looking first, and take anything else for an error.
    @Test func stoppingWhatDoesNotRunIsDoneForTheDefaultServerAlone() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            #expect(try await hub.call("DELETE", "/users/ada/server", token: token).status == 204)
            #expect(try await hub.call("DELETE", "/users/ada/servers/gpu", token: token).status == 404)
            try await hub.session(of: ada, state: .ended)
            #expect(try await hub.call("DELETE", "/users/ada/server", token: token).status == 204)
            #expect(try await hub.call("DELETE", "/users/grace/server", token: token).status == 403)
        }
    }

    @Test func anOperatorMayStopButNotStartForOthers() async throws {
        try await TestHub.run { hub in
            try await hub.session(of: hub.person("grace"))
            hub.issuers.knows(
                "boss", as: .init(suggestedName: "boss", groups: [Group(name: "atlas"), Group(name: "operators")]))
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "boss")
            let headers = [("X-XSRFToken", try await browser.proof())]
            let path = "/hub/api/users/grace/server"
            #expect(try await browser.send("POST", path, headers: headers).status == 403)
            // Nobody holds the watches in this test, so the spawner says "not now": the right was enough.
            #expect(try await browser.send("DELETE", path, headers: headers).status == 503)
            let model = try await browser.get("/hub/api/users/grace").json
            #expect(model?["servers"]?[""]?["ready"] == true)
        }
    }
}
