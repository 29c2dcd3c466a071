import Foundation
import OrreryCrypto
import OrreryWire
import Testing

@testable import OrreryProxy

/// Who passes the gate, and what goes with them.
struct GateTests {
    @Test func whoeverIsListedPassesAndIsNamed() throws {
        let gate = try GateRig()
        let cookie = "Cookie: a=1; __Host-orrery-gate=\(try gate.ticket("bob", session: "s7")); b=2\r\n"
        let request = try #require(try gate.passed("/user/ada/lab", cookie))
        #expect(request.contains("X-Orrery-Person: bob\r\nX-Orrery-Session: s7\r\n"))
        #expect(field("cookie", in: request) == "a=1; b=2")
    }

    @Test func everybodyWithACookiePassesAStar() throws {
        let gate = try GateRig()
        #expect(try gate.passed("/common/x", gate.cookie(gate.ticket("zoe"))) != nil)
        #expect(gate.refused("/common/x").hasPrefix("HTTP/1.1 401 "))
    }

    @Test func aNameMustBeListedWhole() throws {
        let gate = try GateRig()
        for person in ["ad", "adab", "da", "ada\nbob", "*", "ADA"] {
            let answer = gate.refused("/user/ada/lab", gate.cookie(try gate.ticket(person)))
            #expect(answer.hasPrefix("HTTP/1.1 403 "), "\(person)")
            #expect(answer.contains(#"{"status":403,"message":"This is not open to you."}"#))
        }
        #expect(gate.refused("/user/ada", gate.cookie(try gate.ticket("zoe")) + GateRig.page).contains("<h1>403"))
    }

    @Test func nobodyIsAskedWhereNobodyIsListed() throws {
        let gate = try GateRig()
        let request = try #require(try gate.passed("/other", gate.cookie(gate.ticket())))
        #expect(!request.lowercased().contains("orrery-gate") && !request.contains("X-Orrery"))
    }

    @Test(arguments: [
        "X-Orrery-Person: eve\r\n", "x-orrery-person: eve\r\n", "X_Orrery_Person: eve\r\n", "X-Orrery_Session: eve\r\n",
        "X-ORRERY-SESSION: eve\r\nX-Orrery-Person: eve\r\n", "Connection: X-Orrery-Person\r\nX-Orrery-Person: eve\r\n",
    ])
    func nobodyNamesThemselves(_ fields: String) throws {
        let gate = try GateRig()
        let open = try #require(try gate.passed("/other", fields))
        #expect(!open.contains("eve"))
        let gated = try #require(try gate.passed("/user/ada/x", fields + gate.cookie(gate.ticket())))
        #expect(!gated.contains("eve") && gated.contains("X-Orrery-Person: ada\r\n"))
    }

    @Test func cookiesThatAreNotValidDoNotPass() throws {
        let gate = try GateRig()
        let other = GateKeys(derivedFrom: [9], salt: [4], at: UInt64(GateRig.now))
        let tickets = [
            "", "x", try gate.ticket(host: "bob.hub.example.org"), try gate.ticket(as: .entry),
            try gate.ticket(issued: GateRig.now - 3600), try gate.ticket(issued: GateRig.now + 61),
            try gate.ticket(keys: other), try String(gate.ticket().dropLast()), try gate.ticket() + "A",
        ]
        for ticket in tickets {
            #expect(gate.refused("/user/ada/x", gate.cookie(ticket)).hasPrefix("HTTP/1.1 401 "), "\(ticket)")
        }
        #expect(gate.refused("/user/ada/x", gate.cookie(try gate.ticket(), name: "orrery-gate")).contains(" 401 "))
        #expect(try gate.passed("/user/ada/x", gate.cookie("x") + gate.cookie(gate.ticket())) != nil)
        #expect(try gate.passed("/user/ada/x", gate.cookie("\"\(gate.ticket())\"")) != nil)
    }

    @Test func withoutTLSTheCookieHasAPlainName() throws {
        let gate = try GateRig(login: "http://hub.example.org/hub/gate")
        #expect(try gate.passed("/user/ada/x", gate.cookie(gate.ticket(), name: "orrery-gate")) != nil)
        #expect(gate.refused("/user/ada/x", gate.cookie(try gate.ticket())).contains(" 401 "))
        let location = field("location", in: gate.refused("/user/ada/x", GateRig.page))
        #expect(location?.hasPrefix("http://hub.example.org/hub/gate?next=http%3A%2F%2Fada.hub") == true)
    }

    @Test func withoutKeysNobodyPasses() throws {
        let gate = try GateRig(login: nil)
        let answer = gate.refused("/user/ada/x", gate.cookie(try gate.ticket(), name: "orrery-gate"))
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.components(separatedBy: "Retry-After: 1\r\n").count == 2)
        #expect(gate.refused("/.orrery/enter?ticket=x&next=/").hasPrefix("HTTP/1.1 403 "))
        #expect(try gate.passed("/other") != nil)
    }

    @Test func keysAreInForceWithTheNextRequest() throws {
        let gate = try GateRig()
        let cookie = gate.cookie(try gate.ticket())
        #expect(try gate.passed("/user/ada/x", cookie) != nil)
        let other = GateKeys(derivedFrom: [9], salt: [4], at: UInt64(GateRig.now))
        #expect(gate.rig.shared.gate.set(keys: other, login: GateRig.login))
        #expect(gate.refused("/user/ada/x", cookie).contains(" 401 "))
        #expect(try gate.passed("/user/ada/x", gate.cookie(gate.ticket(keys: other))) != nil)
    }

    @Test(arguments: [
        ("Authorization: Bearer orrery_abc\r\n", false), ("authorization: token  orrery_abc\r\n", false),
        ("Authorization: Bearer abc\r\n", true), ("Authorization: Basic b3JyZXJ5Xw==\r\n", true),
        ("Authorization: Bearer\r\n", true), ("Authorization: orrery\r\n", true),
    ])
    func tokensOfTheHubStayOutside(_ line: String, _ isKept: Bool) throws {
        let gate = try GateRig()
        let gated = try #require(try gate.passed("/user/ada/x", line + gate.cookie(gate.ticket())))
        #expect((field("authorization", in: gated) != nil) == isKept)
        let open = try #require(try gate.passed("/other", line))
        #expect(open.contains(line))
    }

    @Test(arguments: [
        ("POST", "Origin: https://ada.hub.example.org\r\n", true), ("POST", "", true),
        ("POST", "Origin: null\r\n", true), ("POST", "Origin: https://bob.hub.example.org\r\n", false),
        ("DELETE", "Origin: https://evilada.hub.example.org\r\n", false),
        ("PUT", "Origin: ada.hub.example.org\r\n", false),
        ("GET", "Origin: https://bob.hub.example.org\r\n", true),
        ("GET", "Origin: https://bob.hub.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", false),
        ("GET", "Origin: https://ADA.hub.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n", true),
        ("POST", "Origin: https://ada.hub.example.org\r\nOrigin: https://bob.hub.example.org\r\n", false),
    ])
    func pagesOfOtherHostsCannotAct(_ method: String, _ fields: String, _ passes: Bool) throws {
        let gate = try GateRig()
        let cookie = gate.cookie(try gate.ticket())
        #expect(try (gate.passed("/user/ada/x", cookie + fields, method: method) != nil) == passes)
    }

    @Test func aRefusedUpgradeEndsTheConnection() throws {
        let gate = try GateRig()
        let client = gate.rig.client()
        gate.rig.send(
            client, "GET /user/ada/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(gate.rig.kernel.sent(client).hasPrefix("HTTP/1.1 401 "))
        #expect(!gate.rig.kernel.isOpen(client))
    }

    @Test func aLogoutEndsTheTicketAndWhatItOpened() throws {
        let gate = try GateRig()
        let cookie = gate.cookie(try gate.ticket(session: "s9"))
        let client = gate.rig.client()
        gate.rig.send(
            client,
            "GET /user/ada/ws HTTP/1.1\r\nHost: \(GateRig.host)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\(cookie)\r\n"
        )
        gate.rig.send(try gate.rig.upstream(), Sample.switching)
        #expect(gate.rig.kernel.isOpen(client))
        let wall = gate.rig.kernel.moment.wall
        gate.rig.shared.logouts.add(["s9"], until: wall + 60_000, now: wall)
        gate.rig.heed()
        #expect(!gate.rig.kernel.isOpen(client))
        #expect(gate.refused("/user/ada/x", cookie).hasPrefix("HTTP/1.1 401 "))
        #expect(try gate.passed("/user/ada/x", gate.cookie(gate.ticket(session: "s8"))) != nil)
    }
}
