import Foundation
import OrreryFetch
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

struct SessionRoutesTests {
    @Test func askingIsAnsweredAtOnceWithTheSession() async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            let made = try await hub.sessions("POST", token: token, body: ["size": "large", "server": "big"])
            #expect(made.status == 201)
            let id = try #require(made.json?["id"]?.string)
            let stored = try #require(try await hub.database.session(id: id))
            #expect(stored.size == "large" && stored.server == "big" && stored.account == "atlas")
            #expect(made.json?["cluster"]?.string == stored.cluster && made.json?["queue"] == nil)
            #expect(try await hub.sessions("GET", "/\(id)", token: token).json?["state"] == "creating")
            let all = try await hub.sessions("GET", token: token).json
            #expect(all?["sessions"]?.array?.map { $0["id"] } == [.string(id)])
            #expect(try await hub.sessions("POST", token: token, body: ["server": "big"]).status == 409)
        }
    }

    @Test(
        arguments: [
            (.queued, true, "ada waits in the queue already"),
            (.stopping, false, "ada's session on North is just being stopped"),
            (.ready, false, "ada is already running on North"), (.image, false, "ada is already running on North"),
        ] as [(SessionState, Bool, String)])
    func whyNothingStartsBesideItIsSaidAsItIs(_ state: SessionState, _ waits: Bool, _ words: String) async throws {
        try await TestHub.run { hub in
            let ada = try await hub.person("ada")
            let session = try await hub.session(of: ada, state: state)
            if waits { _ = try await hub.database.update(session.id) { $0.wish = SessionChoice() } }
            let token = try await hub.token(of: ada, scopes: ["servers!user=ada"])
            let answer = try await hub.sessions("POST", token: token, body: [:])
            #expect(answer.status == 409 && answer.text.contains(words), "\(answer.text)")
        }
    }

    @Test func othersSessionsAreNotThere() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("grace"))
            let token = try await hub.token(of: hub.person("ada"), scopes: ["servers!user=ada"])
            #expect(try await hub.sessions("GET", "/\(session.id)", token: token).status == 404)
            #expect(try await hub.sessions("DELETE", "/\(session.id)", token: token).status == 404)
        }
    }

    @Test(
        arguments: [
            (["server": "-a"], 400), (["options": "cuda"], 400), (["profile": 1], 400), (["profile": "standart"], 422),
            (["cluster": "nroth"], 422), (["size": "huge"], 422), (["profil": "standard"], 422), ([], 400),
            ("gpu", 400),
        ] as [(JSON, Int)])
    func aWrongWishIsRefused(_ wish: JSON, _ status: Int) async throws {
        try await TestHub.run { hub in
            let token = try await hub.token(of: hub.person("ada"), scopes: ["servers!user=ada"])
            #expect(try await hub.sessions("POST", token: token, body: wish).status == status)
        }
    }
}

extension TestHub {
    fileprivate func sessions(
        _ method: String, _ path: String = "", token: String, body: JSON? = nil
    ) async throws -> Answer {
        let text = try body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        return try await send(
            method, "/api/v1/sessions\(path)", headers: [("Authorization", "token \(token)")], body: text)
    }
}
