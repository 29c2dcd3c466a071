import OrreryCrypto
import OrreryWire
import Testing

@testable import OrreryProxy

/// The way of a person to the hub and back.
struct GateEntryTests {
    private static let secret = String(repeating: "k", count: 43)
    private static let mark = ProofKey.challenge(of: secret)
    private static let keeping = "__Host-orrery-enter=\(secret)"

    @Test func aPageIsSentToTheHub() throws {
        let gate = try GateRig()
        let answer = gate.refused("/user/ada/lab/tree?a=1&b=%20", GateRig.page)
        #expect(answer.hasPrefix("HTTP/1.1 302 Found\r\n") && answer.contains("Cache-Control: no-store\r\n"))
        let set = try #require(field("set-cookie", in: answer))
        let parts = set.split(separator: ";")
        #expect(parts[0].hasPrefix("__Host-orrery-enter=") && parts[0].utf8.count == 20 + 43)
        #expect(set.hasSuffix("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"))
        let mark = ProofKey.challenge(of: String(parts[0].dropFirst(20)))
        #expect(
            field("location", in: answer) == GateRig.login
                + "?next=https%3A%2F%2Fada.hub.example.org%2Fuser%2Fada%2Flab%2Ftree%3Fa%3D1%26b%3D%2520&state=\(mark)")
    }

    @Test func aBrowserOnItsWayKeepsItsSecret() throws {
        let gate = try GateRig()
        let answer = gate.refused("/user/ada/", GateRig.page + "Cookie: \(Self.keeping)\r\n")
        #expect(field("set-cookie", in: answer) == nil)
        #expect(field("location", in: answer)?.hasSuffix("&state=\(Self.mark)") == true)
    }

    @Test(arguments: [
        ("GET", ""), ("POST", GateRig.page), ("HEAD", GateRig.page),
        ("GET", GateRig.page + "Connection: Upgrade\r\nUpgrade: websocket\r\n"), ("GET", "Accept: */*\r\n"),
    ])
    func onlyPagesAreSentThere(_ method: String, _ fields: String) throws {
        let answer = try GateRig().refused("/user/ada/x", fields, method: method)
        #expect(answer.hasPrefix("HTTP/1.1 401 ") && answer.contains("WWW-Authenticate: "))
    }

    @Test func anAddressThatIsTooLongIsCut() throws {
        let gate = try GateRig()
        let long = String(repeating: "x", count: 3000)
        let query = field("location", in: gate.refused("/user/ada/lab?q=\(long)", GateRig.page))
        #expect(query?.contains("%2Fuser%2Fada%2Flab&state=") == true)
        let path = field("location", in: gate.refused("/user/ada/\(long)", GateRig.page))
        #expect(path?.contains("?next=https%3A%2F%2Fada.hub.example.org%2F&state=") == true)
    }

    @Test func anEntryBecomesACookie() throws {
        let gate = try GateRig()
        let entry = try gate.ticket(as: .entry, browser: Self.mark, lasting: 60, until: GateRig.now + 7200)
        let answer = gate.refused(
            "/.orrery/enter?ticket=\(entry)&next=%2Fuser%2Fada%2Flab%3Fa%3D1", "Cookie: \(Self.keeping)\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 302 Found\r\n"))
        #expect(field("location", in: answer) == "/user/ada/lab?a=1")
        #expect(field("referrer-policy", in: answer) == "no-referrer")
        let set = try #require(field("set-cookie", in: answer))
        #expect(set.hasSuffix("; Path=/; Max-Age=7200; HttpOnly; SameSite=Lax; Secure"))
        let cookie = "Cookie: \(set.prefix { $0 != ";" })\r\n"
        let request = try #require(try gate.passed("/user/ada/lab?a=1", cookie))
        #expect(request.contains("X-Orrery-Person: ada\r\nX-Orrery-Session: s1\r\n"))
    }

    @Test func askingForTheHeadIsAnsweredTheSameWay() throws {
        let gate = try GateRig()
        let entry = try gate.ticket(as: .entry, browser: Self.mark, lasting: 60)
        let (path, cookie) = ("/.orrery/enter?ticket=\(entry)&next=%2Fuser", "Cookie: \(Self.keeping)\r\n")
        let answer = gate.refused(path, cookie, method: "HEAD")
        #expect(answer.hasPrefix("HTTP/1.1 302 Found\r\n") && field("location", in: answer) == "/user")
        #expect(answer.contains("Set-Cookie: __Host-orrery-gate="))
        let refusal = gate.refused(path, method: "HEAD")
        #expect(refusal.hasPrefix("HTTP/1.1 403 ") && refusal.hasSuffix("\r\n\r\n"))
        #expect(field("content-length", in: refusal) == field("content-length", in: gate.refused(path)))
    }

    @Test(arguments: ["POST", "PUT", "OPTIONS", "brew"])
    func onlyReadingIsAllowedThere(_ method: String) throws {
        let answer = try GateRig().refused("/.orrery/enter?ticket=x", "Content-Length: 0\r\n", method: method)
        #expect(answer.hasPrefix("HTTP/1.1 405 ") && field("allow", in: answer) == "GET, HEAD")
    }

    /// Nobody could be sent back, and no cookie is for it.
    @Test(arguments: ["/user/ada/lab", "/common", "/.orrery/enter?ticket=x&next=/"], ["", GateRig.page])
    func aRequestWithoutAHostIsToldSo(_ path: String, _ fields: String) throws {
        let gate = try GateRig()
        let client = gate.rig.client()
        gate.rig.send(client, "GET \(path) HTTP/1.0\r\n\(fields)\r\n")
        let answer = gate.rig.kernel.sent(client)
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("\"status\":400") && answer.contains("Host"))
        #expect(field("location", in: answer) == nil && gate.rig.kernel.connected.isEmpty)
    }

    @Test func anEntryIsForOneBrowserHostAndMinute() throws {
        let gate = try GateRig()
        func answer(_ entry: String, _ cookies: String = Self.keeping, host: String = GateRig.host) -> String {
            gate.refused("/.orrery/enter?ticket=\(entry)&next=/", "Cookie: \(cookies)\r\n", host: host)
        }
        let entry = try gate.ticket(as: .entry, browser: Self.mark, lasting: 60)
        #expect(answer(entry).contains(" 302 "))
        let other = "__Host-orrery-enter=" + String(repeating: "j", count: 43)
        #expect(answer(entry, other).hasPrefix("HTTP/1.1 403 "))
        #expect(answer(entry, "a=b").contains(" 403 "))
        #expect(answer(entry, "orrery-enter=\(Self.secret)").contains(" 403 "))
        #expect(answer(entry, host: "bob.hub.example.org").contains(" 403 "))
        #expect(answer(try gate.ticket(browser: Self.mark)).contains(" 403 "), "a cookie is no entry")
        #expect(answer("").contains(" 403 "))
        gate.rig.pass(.seconds(60))
        #expect(answer(entry).contains(" 403 "))
    }

    @Test func anEntryOfAnEndedLoginOpensNothing() throws {
        let gate = try GateRig()
        let wall = gate.rig.kernel.moment.wall
        gate.rig.shared.logouts.add(["s1"], until: wall + 60_000, now: wall)
        let entry = try gate.ticket(as: .entry, browser: Self.mark, lasting: 60)
        let answer = gate.refused("/.orrery/enter?ticket=\(entry)&next=/", "Cookie: \(Self.keeping)\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
    }

    @Test func aSecondTabGoesOnWithTheCookieOfTheFirst() throws {
        let gate = try GateRig()
        let answer = gate.refused("/.orrery/enter?ticket=late&next=%2Fuser%2Fada%2F", gate.cookie(try gate.ticket()))
        #expect(answer.contains(" 302 ") && field("location", in: answer) == "/user/ada/")
        #expect(field("set-cookie", in: answer) == nil)
    }

    @Test(arguments: [
        ("%2Fuser%2Fada", "/user/ada"), ("/user/ada?x=y", "/user/ada?x=y"), ("%2F", "/"), ("", "/"),
        ("%2F%2Fevil.example", "/"), ("//evil.example", "/"), ("%2F%5Cevil.example", "/"), ("/%5C%5Cevil", "/"),
        ("https%3A%2F%2Fevil.example", "/"), ("evil", "/"), ("%2Fa%0D%0ASet-Cookie:x=1", "/"), ("%2F%09%2Fevil", "/"),
        ("%2Fa%zz", "/"), ("%2Fa%2", "/"), ("%2Fa%20b", "/"), ("%2F%C3%A4", "/"), ("%00", "/"),
        ("%2F%252Fevil", "/%2Fevil"), ("%2Fa%2F%2Fb", "/a//b"),
    ])
    func nobodyIsSentToAnotherHost(_ next: String, _ location: String) throws {
        let gate = try GateRig()
        let answer = gate.refused("/.orrery/enter?ticket=x&next=\(next)", gate.cookie(try gate.ticket()))
        #expect(field("location", in: answer) == location)
        #expect(!answer.contains("Set-Cookie"))
    }

    @Test func anOldCookieIsRenewedOnceAndOnlyForPages() throws {
        let gate = try GateRig()
        let cookie = "Cookie: __Host-orrery-gate=\(try gate.ticket())"
        gate.rig.pass(.seconds(1799))
        #expect(try gate.passed("/user/ada/lab", cookie + "\r\n" + GateRig.page) != nil)
        gate.rig.pass(.seconds(2))
        #expect(try gate.passed("/user/ada/api", cookie + "\r\n") != nil)
        #expect(gate.refused("/user/ada/lab", cookie + "\r\n" + GateRig.page).contains(" 302 "))
        #expect(try gate.passed("/user/ada/lab", cookie + "; \(Self.keeping)\r\n" + GateRig.page) != nil)
    }
}
