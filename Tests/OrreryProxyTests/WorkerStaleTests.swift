import Foundation
import OrreryWire
import Testing

@testable import OrreryProxy

/// The hub's answer to `GET /hub/api/user`, while the hub is away.
struct WorkerStaleTests {
    private static let body = #"{"name": "ada", "session_id": "s1"}"#

    private static func question(
        _ token: String? = "token abc", path: String = "/hub/api/user", method: String = "GET", more: String = ""
    ) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: h\r\n\(token.map { "Authorization: \($0)\r\n" } ?? "")\(more)\r\n"
    }

    private static func answer(_ status: Int, _ body: String = body, more: String = "") -> String {
        "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
    }

    /// Asks, and lets the hub answer; what the client got.
    private func ask(_ rig: Rig, _ question: String, _ answer: String?) throws -> String {
        let client = rig.client()
        rig.send(client, question)
        // A kept connection that ends is asked again over another one.
        if let answer { rig.send(try rig.upstream(), answer) } else { for _ in 0..<2 { rig.end(try rig.upstream()) } }
        let got = rig.kernel.sent(client)
        rig.end(client)
        return got
    }

    /// A worker that has relayed a good answer to `question()`.
    private func rig(_ answer: String = answer(200), limits: ProxyLimits = ProxyLimits()) throws -> Rig {
        let rig = try Rig(limits: limits)
        #expect(try ask(rig, Self.question(), answer).hasPrefix("HTTP/1.1 200"))
        return rig
    }

    @Test(arguments: [
        nil, "HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n", answer(503), answer(504), "220 mail ready\r\n\r\n",
    ])
    func theLastGoodAnswerIsGivenWhileTheHubGivesNone(_ answer: String?) throws {
        let rig = try rig()
        rig.pass(.seconds(90))
        let got = try ask(rig, Self.question(), answer)
        #expect(got.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 35\r\nAge: 90\r\n"))
        #expect(got.contains("Warning: 111 ") && got.contains("Cache-Control: no-store\r\n"))
        #expect(got.hasSuffix("\r\n\r\n" + Self.body))
        #expect(rig.heldBuffers == 0)
    }

    @Test func aHubThatRefusesConnectionsIsAwayToo() throws {
        let rig = try rig()
        rig.kernel.connecting = .fails
        rig.pass(.seconds(60))
        let client = rig.client()
        rig.send(client, Self.question() + Self.question())
        let got = rig.kernel.sent(client)
        #expect(got.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
    }

    @Test func anAnswerThatComesInPiecesIsKeptWhole() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Self.question())
        for byte in Self.answer(200) { rig.send(try rig.upstream(), String(byte)) }
        #expect(try ask(rig, Self.question(), nil).hasSuffix("\r\n\r\n" + Self.body))
    }

    @Test func aLaterAnswerTakesThePlaceOfTheOneBefore() throws {
        let rig = try rig()
        _ = try ask(rig, Self.question(), Self.answer(200, "new"))
        #expect(try ask(rig, Self.question(), nil).hasSuffix("\r\n\r\nnew"))
    }

    @Test(arguments: [
        question("token abd"), question("Token abc"), question(nil), question(path: "/hub/api/users/ada"),
        question(path: "/hub/api/user/"), question(path: "/hub/api/user?a=b"), question(path: "/user/ada/hub/api/user"),
        question(more: "Cookie: a=b\r\n"), question(more: "Authorization: token abc\r\n"),
        question(method: "POST", more: "Content-Length: 0\r\n"), question(method: "HEAD"), question(method: "DELETE"),
    ])
    func nobodyElseGetsIt(_ question: String) throws {
        let rig = try rig()
        rig.kernel.connecting = .fails
        rig.pass(.seconds(60))
        let client = rig.client()
        rig.send(client, question)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "))
    }

    @Test(arguments: [
        answer(201), answer(200, more: "Content-Encoding: gzip\r\n"),
        answer(200, String(repeating: "x", count: 65_537)),
        "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 X\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ])
    func otherAnswersAreNotKept(_ answer: String) throws {
        let rig = try Rig()
        _ = try ask(rig, Self.question(), answer)
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502 "))
    }

    @Test func anAnswerThatBreaksOffIsNotKept() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Self.question())
        rig.send(try rig.upstream(), String(Self.answer(200).dropLast()))
        rig.end(try rig.upstream())
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502 "))
    }

    @Test(arguments: [401, 403, 404])
    func aNoIsANo(_ status: Int) throws {
        let rig = try rig()
        #expect(try ask(rig, Self.question(), Self.answer(status)).hasPrefix("HTTP/1.1 \(status)"))
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502 "))
    }

    @Test func anErrorOfTheHubsOwnIsPassedOnAndForgetsNothing() throws {
        let rig = try rig()
        #expect(try ask(rig, Self.question(), Self.answer(500)).hasPrefix("HTTP/1.1 500"))
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 200"))
    }

    /// The list of logouts is shorter than what is remembered.
    @Test func aLogoutIsForGood() throws {
        let rig = try rig()
        let now = rig.kernel.moment.wall
        rig.shared.logouts.add(["s1"], until: now + 1000, now: now)
        rig.heed()
        rig.pass(.seconds(2))
        rig.shared.logouts.forget(now: rig.kernel.moment.wall)
        rig.heed()
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502"))
    }

    @Test func whatIsAnsweredDuringTheLogoutIsNotKept() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Self.question())
        let now = rig.kernel.moment.wall
        rig.shared.logouts.add(["s1"], until: now + 1000, now: now)
        rig.heed()
        rig.send(try rig.upstream(), Self.answer(200))
        rig.pass(.seconds(2))
        rig.shared.logouts.forget(now: rig.kernel.moment.wall)
        rig.heed()
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502"))
    }

    @Test func eachHostsHubSpeaksForItself() throws {
        let rig = try Rig(
            routes: ["/a.org/hub": "http://10.0.0.1:1", "/b.org/hub": "http://10.0.0.2:1"], routesByHost: true)
        func question(_ host: String) -> String { Self.question().replacing("Host: h\r\n", with: "Host: \(host)\r\n") }
        #expect(try ask(rig, question("a.org"), Self.answer(200)).hasPrefix("HTTP/1.1 200"))
        rig.kernel.connecting = .fails
        rig.pass(.seconds(90))
        for (host, status) in [("b.org", "503"), ("A.ORG", "200")] {
            let client = rig.client()
            rig.send(client, question(host))
            #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 \(status)"))
        }
    }

    @Test func itIsForgottenAfterTenMinutes() throws {
        let rig = try rig()
        rig.pass(.seconds(600))
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 200"))
        rig.pass(.seconds(1))
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502"))
    }

    @Test(arguments: [body, #"{"session_id":"s1"}"#, #"{"a":1,"session_id" : "s1","b":2}"#])
    func aLogoutEndsIt(_ body: String) throws {
        let rig = try rig(Self.answer(200, body))
        rig.shared.logouts.add(["s2"], until: rig.kernel.moment.wall + 1000, now: rig.kernel.moment.wall)
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 200"))
        rig.shared.logouts.add(["s1"], until: rig.kernel.moment.wall + 1000, now: rig.kernel.moment.wall)
        #expect(try ask(rig, Self.question(), nil).hasPrefix("HTTP/1.1 502"))
    }

    @Test func thePagesOfErrorsAreNotTakenForAnswers() throws {
        let rig = try Rig(errorTarget: "http://10.0.0.9:1")
        let client = rig.client()
        rig.send(client, Self.question())
        rig.end(try rig.upstream())
        rig.send(try rig.upstream(), Self.answer(200))
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 502 "))
        rig.kernel.connecting = .fails
        rig.pass(.seconds(60))
        let other = rig.client()
        rig.send(other, Self.question())
        #expect(rig.kernel.sent(other).hasPrefix("HTTP/1.1 503 "))
    }

    // MARK: Bounds

    @Test func numberAndBytesAreBoundedAndTheOldestGoFirst() {
        func entry(_ size: Int) -> StaleAnswers.Entry {
            StaleAnswers.Entry(body: [UInt8](repeating: 32, count: size), type: [], at: 0)
        }
        var kept = StaleAnswers(limits: .init(count: 10, bytes: 5000))
        for number: UInt8 in 0..<100 { kept.keep(entry(1), for: [number]) }
        #expect(kept.count == 10)
        #expect((0..<100).filter { kept.answer(to: [$0], at: 0, LogoutList([:])) != nil } == Array(90..<100))
        for _ in 0..<1000 { kept.keep(entry(2), for: [95]) }
        #expect(kept.count == 10)
        kept.keep(entry(4000), for: [200])
        #expect(kept.count < 10 && kept.answer(to: [200], at: 0, LogoutList([:])) != nil)
        kept.forget([200])
        kept.keep(entry(6000), for: [201])
        #expect(kept.count == 0)
    }
}
