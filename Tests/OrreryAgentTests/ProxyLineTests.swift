import OrreryLink
import Testing

@testable import OrreryAgent

@Suite struct ReconnectionTests {
    @Test func waitingTimesDoubleUpToTenSeconds() {
        var least = Reconnection(draw: { 0 })
        var most = Reconnection(draw: { 1 })
        #expect((0..<8).map { _ in least.next(after: 0) } == [100, 200, 400, 800, 1600, 3200, 5000, 5000])
        #expect((0..<8).map { _ in most.next(after: 7) } == [207, 407, 807, 1607, 3207, 6407, 10007, 10007])
        most.reset()
        #expect(most.next(after: 0) == 200)
    }

    @Test func manyDoNotReturnTogether() {
        let times = Set(
            (0..<100).map { _ in
                var one = Reconnection()
                _ = one.next(after: 0)
                return one.next(after: 0)
            })
        #expect(times.count > 20 && times.allSatisfy { (200...400).contains($0) })
    }
}

@Suite struct ProxyLineTests {
    private let place = ProxyPlace(host: "hub.example", port: 443)

    private func welcomed() -> ProxyLine {
        var line = ProxyLine(place, draw: { 1 })
        line.state = .dialling(slot: 3)
        line.welcomed(slot: 3)
        return line
    }

    @Test func aLostConnectionIsDialledAgainLater() {
        var line = ProxyLine(place, draw: { 1 })
        #expect(line.isDue(0))
        line.lost(1000)
        #expect(!line.isDue(1199) && line.isDue(1200) && line.next() == 1200)
        line.lost(1200)
        #expect(line.next() == 1600)
        line.welcomed(slot: 1)
        line.lost(5000)
        #expect(line.next() == 5200)
    }

    @Test func whoIsSentAwayComesAgainWhenItWasTold() {
        var line = welcomed()
        line.sentAway(1000, seconds: 60)
        #expect(!line.isDue(60_999) && line.isDue(61_000))
        line.sentAway(0, seconds: .max)
        #expect(line.next() == 86_400_000)
        line.sentAway(0, seconds: 0)
        #expect(line.next() == 1000)
    }

    @Test func asManyAreDialledAsAreMissing() {
        var line = welcomed()
        #expect(line.dials(0) == 0)
        line.pool(idle: 4)
        #expect(line.dials(0) == 4 && line.dials(0) == 0)
        for _ in 0..<4 { line.arrived() }
        #expect(line.idle == 4 && line.dialling == 0 && line.dials(0) == 0)
        line.left(0)
        line.pool(idle: 3)
        #expect(line.dials(ProxyLine.pause) == 0)
    }

    @Test func whatWasGivenAPurposeIsReplacedAfterAPause() {
        var line = welcomed()
        line.pool(idle: 4)
        for _ in 0..<line.dials(0) { line.arrived() }
        line.left(1000)
        line.left(1010)
        #expect(line.dials(1024) == 0 && line.next() == 1025)
        #expect(line.dials(1025) == 2 && line.next() == nil)
        for _ in 0..<2 { line.arrived() }
        line.left(1030)
        #expect(line.dials(1054) == 0 && line.next() == 1055)
    }

    @Test func noPauseForThoseThatRequestsWaitFor() {
        var line = welcomed()
        line.pool(idle: 1)
        for _ in 0..<line.dials(0) { line.arrived() }
        line.left(1000)
        line.want(3)
        #expect(line.dials(1000) == 3)
        // The third of those that came was the one that was missing.
        for _ in 0..<3 { line.arrived() }
        for _ in 0..<2 { line.left(1001) }
        #expect(line.dials(1025) == 0 && line.next() == nil)
    }

    @Test func thoseThatNobodyWaitsForComeAFewAtATime() {
        var line = welcomed()
        line.pool(idle: 100)
        #expect(line.dials(0) == 64 && line.dials(0) == 0 && line.next() == nil)
        line.want(200)
        #expect(line.dials(0) == 192 && line.dials(0) == 0 && line.next() == nil)
        for _ in 0..<200 { line.arrived() }
        #expect(line.dials(0) == 8)
    }

    /// A greeting is no consent: a proxy that is full, or does not know the key, closes what has arrived.
    @Test func aProxyThatClosesWhatHasArrivedIsDialledLaterAndLater() {
        var line = welcomed()
        line.pool(idle: 8)
        var now: UInt64 = 0
        var pauses: [UInt64] = []
        for _ in 0..<6 {
            #expect(line.dials(now) == 8)
            for _ in 0..<8 { line.arrived() }
            for _ in 0..<8 { line.dropped(now + 1, waitingSince: now) }
            let next = line.next() ?? 0
            pauses.append(next - now - 1)
            now = next
        }
        #expect(pauses == [200, 400, 800, 1600, 3200, 6400])
        // Somebody's request does not wait for that.
        for _ in 0..<line.dials(now) { line.arrived() }
        for _ in 0..<8 { line.dropped(now + 1, waitingSince: now) }
        line.want(2)
        #expect(line.dials(now + 1) == 2 && line.next() == now + 10_001)
        for _ in 0..<2 { line.arrived() }
        for _ in 0..<2 { line.dropped(now + 2, waitingSince: now + 1) }
        now += 10_001
        // One that was of use says that all is well.
        _ = line.dials(now)
        for _ in 0..<8 { line.arrived() }
        line.left(now)
        #expect(line.next() == now + ProxyLine.pause)
        now += ProxyLine.pause
        for _ in 0..<line.dials(now) { line.arrived() }
        line.dropped(now, waitingSince: now)
        #expect(line.next() == now + 200)
        // So does one that has waited for long.
        now += 20_000
        for _ in 0..<line.dials(now) { line.arrived() }
        line.dropped(now, waitingSince: now - 20_000)
        #expect(line.next() == now + ProxyLine.pause)
        now += ProxyLine.pause
        for _ in 0..<line.dials(now) { line.arrived() }
        line.dropped(now, waitingSince: now)
        #expect(line.next() == now + 200)
    }

    @Test func whatIsWantedAtOnceComesOnTopOfWhatWaits() {
        var line = welcomed()
        line.pool(idle: 2)
        _ = line.dials(0)
        line.want(5)
        #expect(line.dials(0) == 5)
        #expect(line.dials(0) == 0)
    }

    @Test func nobodyCanAskForMoreThanThereMayBe() {
        var line = welcomed()
        line.pool(idle: .max)
        line.want(.max)
        line.want(.max)
        var count = 0
        while true {
            let more = line.dials(0)
            guard more > 0 else { break }
            #expect(more <= ProxyLine.diallingLimit)
            count += more
            for _ in 0..<more { line.arrived() }
        }
        #expect(count <= 2 * ProxyLine.poolLimit)
    }

    @Test func aProxyThatTakesNoneIsNotAskedAgainAtOnce() {
        var line = welcomed()
        line.pool(idle: 1)
        #expect(line.dials(0) == 1)
        line.failed(0)
        #expect(line.dials(199) == 0 && line.next() == 200)
        #expect(line.dials(200) == 1)
        line.failed(200)
        #expect(line.dials(599) == 0 && line.dials(600) == 1)
    }

    @Test func nothingIsDialledWithoutAWelcomeOrToAProxyThatLeaves() {
        var line = ProxyLine(place)
        line.pool(idle: 4)
        #expect(line.dials(0) == 0)
        line = welcomed()
        line.pool(idle: 4)
        line.isDraining = true
        #expect(line.dials(0) == 0 && line.next() == nil)
        line.isDraining = false
        line.lost(0)
        #expect(line.dials(10_000) == 0)
    }
}

@Suite struct ProxyPlaceTests {
    @Test(arguments: [
        ("hub.example:443", "hub.example", 443), ("10.0.0.1:8443", "10.0.0.1", 8443),
        ("[2001:db8::1]:1", "2001:db8::1", 1),
    ])
    func aPlaceIsReadAndWritten(_ text: String, host: String, port: UInt16) {
        #expect(ProxyPlace(text) == ProxyPlace(host: host, port: port))
        #expect(ProxyPlace(text)?.description == text)
    }

    @Test(arguments: [
        "", "hub.example", "hub.example:", "hub.example:0", "hub.example:65536", ":443", "a b:1", "a\r\nb:1",
    ])
    func whatIsNoPlaceIsNone(_ text: String) { #expect(ProxyPlace(text) == nil) }
}

@Suite struct HTTPProxyTests {
    private func proxy(_ variables: [String: String], to host: String = "hub.example.org") throws -> HTTPProxy? {
        try HTTPProxy.of(variables, to: host)
    }

    @Test func theEnvironmentNamesIt() throws {
        #expect(try proxy([:]) == nil)
        #expect(
            try proxy(["HTTPS_PROXY": "http://squid.site:3128"])?.place == ProxyPlace(host: "squid.site", port: 3128))
        #expect(try proxy(["https_proxy": "squid.site/"])?.place == ProxyPlace(host: "squid.site", port: 80))
        #expect(try proxy(["HTTPS_PROXY": ""]) == nil)
    }

    @Test(arguments: [
        ("*", true), ("hub.example.org", true), ("example.org", true), (".example.org", true), ("a, Example.ORG", true),
        ("ample.org", false), ("other.org", false), ("", false),
    ])
    func hostsCanBeExcepted(_ pattern: String, isExcepted: Bool) throws {
        let variables = ["HTTPS_PROXY": "http://squid.site:3128", "NO_PROXY": pattern]
        #expect(try (proxy(variables) == nil) == isExcepted)
    }

    @Test(arguments: ["https://squid.site", "socks5://squid.site:1080", "http://squid.site:none", "http://:80"])
    func whatIsNoHTTPProxyIsAnError(_ text: String) {
        #expect(throws: AgentError.self) { try proxy(["HTTPS_PROXY": text]) }
    }

    @Test func itIsAskedWithItsCredential() throws {
        let proxy = try #require(try proxy(["HTTPS_PROXY": "http://ann:p%40ss@squid.site:3128"]))
        let request = String(
            decoding: proxy.request(for: ProxyPlace(host: "hub.example.org", port: 443)), as: UTF8.self)
        #expect(
            request == "CONNECT hub.example.org:443 HTTP/1.1\r\nHost: hub.example.org:443\r\n"
                + "Proxy-Authorization: Basic YW5uOnBAc3M=\r\n\r\n")
        #expect(!"\(proxy)".contains("YW5u"))
    }

    @Test(arguments: [
        ("HTTP/1.1 200 Connection established\r\n\r\n", HTTPProxy.Answer.open), ("HTTP/1.0 200\r\nA: b\r\n\r\n", .open),
        ("HTTP/1.1 200 Conn", .incomplete), ("", .incomplete),
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", .refused("it answered 407")),
        ("HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\nhello", .refused("it answered 407")),
        ("HTTP/1.1 200 OK\r\n\r\n\u{16}", .refused("it says more than that the way is open")),
        ("SSH-2.0\r\n\r\n", .refused("its answer is not HTTP")),
        (String(repeating: "a", count: 8192), .refused("its answer is too long")),
    ])
    func itsAnswerIsRead(_ text: String, answer: HTTPProxy.Answer) {
        #expect(HTTPProxy.answer(Array(text.utf8)) == answer)
    }
}
