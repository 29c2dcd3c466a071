import Foundation
import OrreryModel
import OrreryWire
import Testing

@testable import OrreryProxy

/// A whole proxy that follows a played hub over loopback.
struct FeedTests {
    private static func snapshot(_ number: Int, epoch: String = "e") -> String {
        #"{"epoch":"\#(epoch)","number":\#(number),"snapshot":true}"#
    }

    private static func set(_ key: String, _ port: UInt16, number: Int? = nil) -> String {
        #"{"set":"\#(key)","route":{"target":"http://127.0.0.1:\#(port)"}\#(number.map { #","number":\#($0)"# } ?? "")}"#
    }

    private func proxy(_ hub: PlayedHub, _ change: (inout ProxyConfiguration) -> Void = { _ in }) throws -> RunningProxy
    {
        let access = try #require(HubAccess(url: hub.url, token: Secret("sesame")))
        return try RunningProxy { configuration in
            configuration.hub = access
            configuration.hub?.activityInterval = .milliseconds(50)
            change(&configuration)
        }
    }

    /// The prefixes of the proxy's routes.
    private func keys(_ proxy: RunningProxy) -> [String] { proxy.server.prefixes }

    private static func origin() throws -> Origin {
        try Origin { stream in
            while stream.receive(through: "\r\n\r\n").hasSuffix("\r\n\r\n") {
                stream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
    }

    @Test func asksWithItsTokenAndServesWhatItIsTold() throws {
        let (hub, origin) = (try PlayedHub(), try Self.origin())
        let proxy = try proxy(hub)
        let question = try hub.question(1)
        #expect(question.hasPrefix("GET /api/v1/proxy/feed?proxy=") && !question.contains("epoch"))
        #expect(hub.heard.asked[0].lowercased().contains("authorization: bearer sesame\r\n"))
        try hub.say(Self.snapshot(3), Self.set("/user/ada", origin.port), #"{"end":3}"#)
        #expect(eventually { keys(proxy) == ["/", "/user/ada"] })
        let client = try proxy.client()
        client.send("GET /user/ada/x HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.answer().body == "ok")
        try hub.say(#"{"remove":"/user/ada","number":4}"#, Self.set("/user/grace", origin.port, number: 5))
        #expect(eventually { keys(proxy) == ["/", "/user/grace"] })
    }

    @Test func theHubHearsAtOnceHowFarItIsFollowed() throws {
        let hub = try PlayedHub()
        let proxy = try proxy(hub) { $0.hub?.activityInterval = .seconds(60) }
        _ = try hub.question(1)
        try hub.say(Self.snapshot(3), #"{"end":3}"#)
        #expect(eventually { hub.heard.activity.last?["number"]?.integer == 3 })
        try hub.say(Self.set("/user/ada", 9, number: 4))
        #expect(eventually { hub.heard.activity.last?["number"]?.integer == 4 })
        #expect(hub.heard.activity.last?["epoch"]?.string == "e")
        #expect(hub.heard.activity.allSatisfy { $0["activity"]?.object?.isEmpty == true })
        withExtendedLifetime(proxy) {}
    }

    @Test func routesStayWhileTheHubIsAwayAndAreFollowedOnFromThere() throws {
        let hub = try PlayedHub()
        let proxy = try proxy(hub)
        _ = try hub.question(1)
        try hub.say(Self.snapshot(3), Self.set("/user/ada", 9), #"{"end":3}"#, Self.set("/user/grace", 9, number: 4))
        #expect(eventually { keys(proxy).count == 3 })
        hub.hangUp()
        #expect(try hub.question(2).contains("epoch=e&after=4 "))
        #expect(keys(proxy).count == 3)
        try hub.say(#"{"epoch":"e","number":4,"snapshot":false}"#, #"{"remove":"/user/ada","number":5}"#)
        #expect(eventually { keys(proxy) == ["/", "/user/grace"] })
    }

    @Test(arguments: [
        #"{"remove":"/user/ada","number":9}"#, #"{"remove":"/user/ada"}"#, #"{"remo"#,
        #"{"epoch":"f","number":4,"snapshot":true}"#,
    ])
    func afterABadLineEverythingIsAskedForAnewAndNothingIsHalfApplied(_ bad: String) throws {
        let hub = try PlayedHub()
        let proxy = try proxy(hub)
        _ = try hub.question(1)
        try hub.say(Self.snapshot(3), Self.set("/user/ada", 9), #"{"end":3}"#)
        #expect(eventually { keys(proxy).count == 2 })
        try hub.say(Self.set("/user/grace", 9, number: 4), bad)
        #expect(try !hub.question(2).contains("epoch"))
        #expect(keys(proxy) == ["/", "/user/ada"])
        try hub.say(Self.snapshot(1, epoch: "f"), Self.set("/user/emmy", 9))
        try hub.say(#"{"end":1}"#)
        #expect(eventually { keys(proxy) == ["/", "/user/emmy"] })
    }

    @Test func whoWatchesSeesWhetherTheFeedIsFollowedAndWhenItChanged() throws {
        let hub = try PlayedHub()
        let proxy = try proxy(hub) { $0.metrics = .init(host: "127.0.0.1", port: 0) }
        let (followed, changed) = ("orrery_proxy_feed_followed", "orrery_proxy_feed_changed_timestamp_seconds")
        func page() throws -> MetricsPage {
            let stream = try Stream(port: try #require(proxy.server.metricsPort))
            stream.send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
            return MetricsPage(stream.answer().body)
        }
        _ = try hub.question(1)
        let before = try page()
        #expect(before.faults.isEmpty && before[followed] == 0 && before[changed] == nil)
        let start = Double(Moment.now().wall) / 1000
        try hub.say(Self.snapshot(3), #"{"end":3}"#)
        #expect(eventually { (try? page()[followed]) == 1 })
        let first = try #require(try page()[changed])
        #expect(try page().faults.isEmpty && first >= start && first <= Double(Moment.now().wall) / 1000)
        try hub.say(Self.set("/user/ada", 9, number: 4))
        #expect(eventually { ((try? page()[changed]) ?? 0) > first })
        hub.answer(feed: 503)
        hub.hangUp()
        #expect(eventually { (try? page()[followed]) == 0 })
        #expect(try page()[changed] != nil)
    }

    @Test func silenceIsAnEndToo() throws {
        let hub = try PlayedHub()
        let proxy = try proxy(hub) { $0.hub?.silence = .seconds(1) }
        // On a slow machine it may hang up before it has heard this: then it asks for everything again, and is told.
        let goesOn = try (1...60).contains { number in
            if try hub.question(number).contains("after=3 ") { return true }
            hub.tell([Self.snapshot(3), Self.set("/user/ada", 9), #"{"end":3}"#])
            return false
        }
        #expect(goesOn)
        #expect(keys(proxy) == ["/", "/user/ada"])
    }

    @Test func aHubThatRefusesIsAskedAgain() throws {
        let hub = try PlayedHub()
        hub.answer(feed: 403)
        let proxy = try proxy(hub)
        _ = try hub.question(3)
        hub.answer()
        #expect(eventually { !hub.heard.feeds.isEmpty })
        try hub.say(Self.snapshot(0), #"{"end":0}"#)
        #expect(eventually { keys(proxy) == ["/"] })
    }

    @Test func logoutsCloseWhatIsOpen() throws {
        let hub = try PlayedHub()
        let origin = try Origin { stream in
            _ = stream.receive(through: "\r\n\r\n")
            stream.send(Sample.switching)
            _ = stream.receive()
        }
        let proxy = try proxy(hub)
        _ = try hub.question(1)
        try hub.say(Self.snapshot(0), Self.set("/user/ada", origin.port), #"{"end":0}"#)
        #expect(eventually { keys(proxy).count == 2 })
        let client = try proxy.client()
        client.send(Sample.upgrade)
        #expect(client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        try hub.say(#"{"logouts":["s1"],"seconds":300,"number":1}"#)
        #expect(client.receive() == [])
        let other = try proxy.client()
        other.send("GET /user/ada/x HTTP/1.1\r\nHost: a\r\nCookie: jupyterhub-session-id=s1\r\n\r\n")
        #expect(other.answer().head.hasPrefix("HTTP/1.1 403"))
    }

    @Test func useIsToldOnceAndKeptWhileTheHubIsAway() throws {
        let (hub, origin) = (try PlayedHub(), try Self.origin())
        let proxy = try proxy(hub)
        _ = try hub.question(1)
        let old = #"{"set":"/user/old","route":{"target":"http://127.0.0.1:9","last_activity":"2020-01-01T00:00:00Z"}}"#
        try hub.say(
            Self.snapshot(3), old,
            #"{"set":"/user/ada","route":{"target":"http://127.0.0.1:\#(origin.port)","last_activity":"2020-01-01T00:00:00Z"}}"#,
            #"{"end":3}"#)
        #expect(eventually { keys(proxy).count == 3 })
        hub.answer(activity: 503)
        let client = try proxy.client()
        client.send("GET /user/ada/x HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.answer().body == "ok")
        let before = Moment.now().wall
        hub.answer()
        func told() -> [JSON] { hub.heard.activity.compactMap { $0["activity"]?["/user/ada"] } }
        #expect(eventually { !told().isEmpty })
        let moment = UInt64(told().first?.integer ?? 0)
        #expect(moment > before - 5000 && moment <= before)
        let count = hub.heard.activity.count
        #expect(eventually { hub.heard.activity.count > count + 3 })
        #expect(told().count == 1)
        #expect(hub.heard.activity.allSatisfy { $0["activity"]?["/user/old"] == nil })
    }

    @Test func nobodyElseSetsRoutes() throws {
        let hub = try PlayedHub()
        let proxy = try proxy(hub)
        let stream = try Stream(port: proxy.server.apiPort)
        let body = #"{"target":"http://127.0.0.1:9"}"#
        stream.send(
            "POST /api/routes/x HTTP/1.1\r\nHost: a\r\nAuthorization: token sesame\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        #expect(stream.answer().head.hasPrefix("HTTP/1.1 409"))
        // The hub's token is that of the REST interface too, unless that has one of its own.
        #expect(try proxy.api("GET", "/api/routes") == 403)
    }

    @Test func aRestartServesTheLastRoutesAndFollowsOn() throws {
        let (hub, origin) = (try PlayedHub(), try Self.origin())
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let proxy = try proxy(hub) { $0.stateDirectory = path }
            _ = try hub.question(1)
            try hub.say(Self.snapshot(3), Self.set("/user/ada", origin.port), #"{"end":3}"#)
            #expect(eventually { keys(proxy).count == 2 })
        }
        hub.answer(feed: 503)
        let proxy = try proxy(hub) { $0.stateDirectory = path }
        let client = try proxy.client()
        client.send("GET /user/ada/x HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.answer().body == "ok")
        #expect(try hub.question(2).contains("epoch=e&after=3 "))
    }

    @Test func routesThatSomebodyElseHasSetMeanwhileAreNotTheHubsAnyMore() throws {
        let hub = try PlayedHub()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let proxy = try proxy(hub) { $0.stateDirectory = path }
            _ = try hub.question(1)
            try hub.say(Self.snapshot(3), Self.set("/user/ada", 9), #"{"end":3}"#)
            #expect(eventually { keys(proxy).count == 2 })
        }
        do {
            let alone = try RunningProxy { $0.stateDirectory = path }
            try alone.setRoute("/user/grace", port: 9)
        }
        let proxy = try proxy(hub) { $0.stateDirectory = path }
        #expect(try !hub.question(2).contains("epoch"))
        #expect(keys(proxy).contains("/user/grace"))
    }

    @Test func aSnapshotOfThousandsIsOnePublish() throws {
        var reader = FeedReader(after: nil)
        var buffer = LineBuffer()
        let lines = (0..<3000).map { Self.set("/user/u\($0)", UInt16($0 + 1)) }
        let text = ([Self.snapshot(9)] + lines + [#"{"end":9}"#]).map { $0 + "\n" }.joined()
        try buffer.take(Array(text.utf8)) { line throws(FeedFault) in try reader.take(line) }
        let shared = Shared(limits: ProxyLimits(), log: ProxyLog(level: .error), errorTarget: nil)
        let version = shared.routes.currentVersion
        let isTaken = FeedSink(shared: shared, signals: [], fallback: nil).take(reader.drain())
        #expect(isTaken && shared.routes.currentVersion == version + 1 && shared.routes.count == 3000)
    }
}
