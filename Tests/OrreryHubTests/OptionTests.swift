import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// Options of a profile on the page and over the API, and what was chosen the last time.
struct OptionTests {
    private static func choose(_ browser: inout TestBrowser, _ more: [String: String]) async throws -> Answer {
        var fields = ["profile": "standard", "environment": "lab", "size": "large", "cluster": "north"]
        fields.merge(more) { _, more in more }
        fields["_xsrf"] = try await browser.proof()
        return try await browser.post("/hub/start", fields.map { (name: $0.key, value: $0.value) })
    }

    @Test func thePageOffersThemAndWhatIsChosenReachesThePod() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let page = try await browser.get("/hub/home").text
            #expect(page.contains("<legend>CUDA version</legend>"))
            #expect(page.contains(#"name="option.cuda" value="12" required checked"#))
            #expect(page.contains(#"name="option.cuda" value="13" required>"#))
            #expect(try await Self.choose(&browser, ["option.cuda": "13"]).status == 302)
            let session = try #require(try await hub.database.active(person: ada.id).first)
            #expect(session.plan.options == ["cuda": "13"] && session.plan.variables["CUDA"] == "13")
        }
    }

    @Test(arguments: [
        (["option.cuda": "14"], "the option cuda has no such choice"),
        (["option.mpi": "on"], "there is no such option to choose"),
    ])
    func aChoiceThatIsNotOfferedIsRefusedByName(_ more: [String: String], _ sentence: String) async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            let answer = try await Self.choose(&browser, more)
            #expect(answer.status == 422 && answer.text.contains(sentence), "\(answer.text)")
        }
    }

    @Test(
        arguments: [
            (["cuda": "14"], 422, "the option cuda has no such choice"), (["cuda": 13], 0, ""),
            (["cuda": ["13"]], 400, "the choice for `cuda` must be a text"), ("13", 400, "`options` must be an object"),
        ] as [(JSON, Int, String)])
    func theAPIRefusesByTheSameRules(_ options: JSON, _ status: Int, _ sentence: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            // What is not refused waits for a pod, which nobody makes here.
            async let answer = hub.call("POST", "/users/ada/server", token: token, body: ["options": options])
            if status == 0 {
                let deadline = ContinuousClock.now + .seconds(60)
                var session: SessionRecord?
                while session == nil, ContinuousClock.now < deadline {
                    session = try await hub.database.active(person: ada.id).first
                    await Task.yield()
                }
                #expect(session?.plan.options == ["cuda": "13"])
                _ = try? await answer
            } else {
                let refused = try await answer
                #expect(refused.status == status && refused.text.contains(sentence), "\(refused.text)")
            }
        }
    }

    @Test func whatWasChosenTheLastTimeIsChosenAgain() async throws {
        try await TestHub.run { hub in
            _ = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await Self.choose(&browser, ["option.cuda": "13"]).status == 302)
            let page = try await browser.get("/hub/home").text
            #expect(page.contains(#"name="size" value="large" required checked"#))
            #expect(page.contains(#"name="option.cuda" value="13" required checked"#))
            #expect(!page.contains("is not offered to you any more"))
        }
    }

    @Test func whatIsNotOfferedAnyMoreIsSaidToBeGone() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            var browser = TestBrowser(hub)
            try await browser.logIn(as: "ada")
            #expect(try await Self.choose(&browser, [:]).status == 302)
            // Only atlas have the large size.
            _ = try await hub.database.regroup(
                person: ada.id, [Group(name: "science", gid: 5002)], isAdmin: false)
            let page = try await browser.get("/hub/home").text
            #expect(page.contains("What you chose the last time is not offered to you any more: the size large"))
            #expect(page.contains(#"name="size" value="small" required checked"#))
        }
    }
}
