import Foundation
import OrreryFetch
import OrreryModel
import OrrerySpawn
import OrreryStore
import Synchronization
import Testing

@testable import OrreryHub

struct ProxyFeedTests {
    private func route(_ port: Int, session: String = "s") -> ProxyFeed.Route {
        ProxyFeed.Route(target: "http://127.0.0.9:\(port)", session: session, person: "ada")
    }

    /// The first member of each line, with its value if that is a text or a number.
    private func words(_ lines: [JSON]) -> [String] {
        lines.map { line in
            for name in ["epoch", "set", "remove", "end", "logouts", "gate", "alive"] {
                guard let value = line[name] else { continue }
                let number = line["number"]?.integer.map { "#\($0)" } ?? ""
                return name + (value.string.map { name == "epoch" ? "" : " \($0)" } ?? "") + number
            }
            return "?"
        }
    }

    @Test func aNewFollowerGetsEverythingAndThenEachChange() async throws {
        try await TestHub.run { hub in
            let feed = hub.services.proxy.feed
            #expect(await hub.services.proxy.load())
            feed.set("/user/ada/", to: route(1))
            let follower = try await hub.follow("a")
            #expect(try await words(follower.lines(4)) == ["epoch#2", "set /user/ada", "end", "gate"])
            feed.set("/user/ada/", to: route(1))
            feed.set("/user/ada/", to: route(2))
            feed.remove("/user/ada/")
            feed.remove("/user/ada/")
            feed.refuse(sid: "sid", until: hub.clock.now + 100)
            #expect(try await words(follower.lines(3)) == ["set /user/ada#3", "remove /user/ada#4", "logouts#5"])
        }
    }

    @Test func aRouteIsSaidWithItsSession() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            #expect(await hub.services.proxy.load())
            let line = try await hub.follow("a").lines(2)[1]
            #expect(
                line == [
                    "set": "/user/ada",
                    "route": [
                        "target": "http://127.0.0.9:8888", "session": .string(session.id), "user": "ada",
                        "last_activity": .string(Timestamp.text(session.lastActivity)),
                    ],
                ])
        }
    }

    @Test func aFollowerGoesOnWhereItWas() async throws {
        try await TestHub.run { hub in
            let feed = hub.services.proxy.feed
            #expect(await hub.services.proxy.load())
            feed.set("/user/ada/", to: route(1))
            feed.set("/user/grace/", to: route(2))
            let position = ProxyFeed.Position(epoch: feed.epoch, number: 2)
            let follower = try await hub.follow("a", after: position)
            // What it missed comes at once, and not with the next change.
            let lines = try await follower.lines(3)
            #expect(words(lines) == ["epoch#2", "set /user/grace#3", "gate"] && lines[0]["snapshot"]?.bool == false)
            feed.remove("/user/ada/")
            #expect(try await words(follower.lines(1)) == ["remove /user/ada#4"])
        }
    }

    @Test func whoeverWasAwayForLongerThanIsRememberedGetsEverything() {
        let feed = ProxyFeed(memory: 4) { Date(timeIntervalSince1970: 0) }
        for number in 1...100 { feed.set("/user/ada/", to: route(number)) }
        func isAll(_ epoch: String, _ number: UInt64) -> Bool {
            feed.beginning(after: .init(epoch: epoch, number: number)).lines[0].contains(#""snapshot":true"#)
        }
        #expect(!isAll(feed.epoch, 100) && !isAll(feed.epoch, 96))
        #expect(isAll(feed.epoch, 91) && isAll(feed.epoch, 101) && isAll("another", 100))
        for number: UInt64 in 96...100 { #expect(feed.changes(after: number)?.count == Int(100 - number)) }
    }

    @Test func nobodyFollowsAHubThatHasNotReadItsSessions() async throws {
        try await TestHub.run { hub in
            let path = "/api/v1/proxy/feed?proxy=a"
            let proof = ("Authorization", "Bearer \(TestHub.proxyToken)")
            #expect(try await hub.send("GET", path, headers: [proof]).status == 503)
            #expect(await hub.services.proxy.load())
            _ = try await hub.follow("a").lines(1)
        }
    }

    @Test(arguments: [nil, "Bearer", "Bearer wrong", "Basic the proxies' token", "token  "])
    func onlyProxiesAreAnswered(_ proof: String?) async throws {
        try await TestHub.run { hub in
            #expect(await hub.services.proxy.load())
            let headers = proof.map { [("Authorization", $0)] } ?? []
            let feed = try await hub.send("GET", "/api/v1/proxy/feed?proxy=a", headers: headers)
            let body = #"{"proxy":"a"}"#
            let activity = try await hub.send("POST", "/api/v1/proxy/activity", headers: headers, body: body)
            #expect(feed.status == 403 && activity.status == 403)
        }
    }

    @Test func whatBecomesOfASessionWhileRoutesAreReadIsNewerThanWhatIsRead() async throws {
        try await TestHub.run { hub in
            for name in ["ada", "ben", "grace"] { try await hub.session(of: hub.person(name)) }
            let store = StubbornSessionStore(hub.database, refusing: [:])
            let feed = ProxyFeed(now: { hub.clock.now })
            let book = ProxyBook(
                fetcher: hub.fetcher, proxy: hub.services.configuration.proxy, store: store,
                gate: ProxyBook.GateSource(
                    tickets: hub.services.tickets, ended: hub.database, login: "", now: { hub.clock.now }),
                feed: feed, logger: TestHub.quiet, target: { _, address in "http://\(address)" })
            let next = route(1, session: "next")
            store.interrupt {
                feed.remove("/user/ada/")
                feed.remove("/user/ben/")
                feed.set("/user/ben/", to: next)
            }
            #expect(await book.load())
            #expect(feed.route("/user/ada") == nil)
            #expect(feed.route("/user/ben") == next)
            #expect(feed.route("/user/grace")?.target == "http://127.0.0.9:8888")
        }
    }

    // MARK: Where a change is in force

    @Test func aRouteIsInForceEverywhereWhenOpenReturnsAndGoneWhenCloseDoes() async throws {
        try await TestHub.run { hub in
            let book = hub.services.proxy
            #expect(await book.load())
            let (a, b) = (try await hub.follow("a"), try await hub.follow("b"))
            _ = (try await a.lines(3), try await b.lines(3))
            async let opening: Void = book.open("/user/ada/", to: "http://127.0.0.9:8888", session: "s", person: "ada")
            #expect(try await words(a.lines(1) + b.lines(1)) == ["set /user/ada#2", "set /user/ada#2"])
            try await hub.report("a", 2)
            try await hub.report("b", 2)
            try await opening
            async let closing: Void = book.close("/user/ada/")
            #expect(try await words(a.lines(1)) == ["remove /user/ada#3"])
            try await hub.report("a", 3)
            try await hub.report("b", 3)
            try await closing
        }
    }

    @Test func aChangeIsUnderWayUntilTheLastProxyHasIt() async throws {
        try await TestHub.run { hub in
            let feed = hub.services.proxy.feed
            #expect(await hub.services.proxy.load())
            let (a, b) = (try await hub.follow("a"), try await hub.follow("b"))
            _ = (try await a.lines(3), try await b.lines(3))
            let number = feed.set("/user/ada/", to: route(1))
            async let arrival = feed.arrival(of: number, patience: .seconds(60), absence: .seconds(60))
            try await hub.report("a", number)
            #expect(feed.book.withLock { $0.followers.spread(of: number) } == .underway)
            try await hub.report("b", number)
            #expect(await arrival == .everywhere)
        }
    }

    @Test func whoeverIsLateIsWaitedForOnceUntilItHasCaughtUp() async throws {
        try await TestHub.run { hub in
            let feed = hub.services.proxy.feed
            #expect(await hub.services.proxy.load())
            let (a, b) = (try await hub.follow("a"), try await hub.follow("b"))
            _ = (try await a.lines(3), try await b.lines(3))
            try await hub.report("a", 1)
            let wait = Duration.milliseconds(20)
            #expect(await feed.arrival(of: 1, patience: wait, absence: wait) == .late(["b"]))
            #expect(await feed.arrival(of: 1, patience: .seconds(60), absence: wait) == .everywhere)
            try await hub.report("b", 1)
            let number = feed.set("/user/ada/", to: route(1))
            try await hub.report("a", number)
            #expect(await feed.arrival(of: number, patience: wait, absence: wait) == .late(["b"]))
        }
    }

    @Test func withoutAProxyNothingIsOpenAndEverythingIsRemembered() async throws {
        try await TestHub.run { hub in
            let feed = hub.services.proxy.feed
            #expect(await hub.services.proxy.load())
            let number = feed.set("/user/ada/", to: route(1))
            #expect(await feed.arrival(of: number, patience: .seconds(60), absence: .milliseconds(1)) == .nobody)
            async let arrival = feed.arrival(of: number, patience: .seconds(60), absence: .seconds(60))
            let follower = try await hub.follow("a")
            #expect(try await words(follower.lines(2)).last == "set /user/ada")
            try await hub.report("a", number)
            #expect(await arrival == .everywhere)
        }
    }

    @Test func aProxyThatHasLeftIsNotWaitedFor() async throws {
        try await TestHub.run { hub in
            let feed = hub.services.proxy.feed
            #expect(await hub.services.proxy.load())
            let staying = try await hub.follow("a")
            do { _ = try await hub.follow("b").lines(3) }
            _ = try await staying.lines(3)
            try await hub.report("a", 1)
            #expect(await feed.arrival(of: 1, patience: .seconds(60), absence: .seconds(60)) == .everywhere)
        }
    }

    @Test func oneNameIsOneProxy() async throws {
        try await TestHub.run { hub in
            #expect(await hub.services.proxy.load())
            let first = try await hub.follow("a")
            _ = try await first.lines(3)
            let second = try await hub.follow("a")
            _ = try await second.lines(3)
            #expect(try await first.hasEnded())
            hub.services.proxy.feed.set("/user/ada/", to: route(1))
            #expect(try await words(second.lines(1)) == ["set /user/ada#2"])
        }
    }

    @Test func aProxyThatComesBackIsStillWaitedFor() async {
        var followers = Followers()
        _ = followers.add("a")
        let first = followers.add("b")
        followers.report("a", 1)
        let word = FirstWord<Bool>()
        _ = followers.addWaiter(for: 1, word)
        let second = followers.add("b")
        word.say(false)
        #expect(await word.heard(otherwise: true) == false)
        #expect(followers.all[first.id] == nil && followers.all[second.id] != nil)
        #expect(followers.spread(of: 1) == .underway)
    }

    // MARK: Activity

    @Test func useOfARouteIsUseOfItsSession() async throws {
        try await TestHub.run { hub in
            let session = try await hub.session(of: hub.person("ada"))
            #expect(await hub.services.proxy.load())
            let later = Int64(hub.clock.now.timeIntervalSince1970 * 1000) + 5000
            hub.clock.turn(by: .seconds(60))
            let status = try await hub.report(
                "a", nil, activity: ["/user/ada": .integer(later), "/user/gone": 5, "/": .integer(later)])
            #expect(status == 204)
            await hub.services.activity.flush()
            let stored = try await hub.database.session(id: session.id)?.lastActivity
            #expect(stored == Date(timeIntervalSince1970: Double(later) / 1000))
            try await hub.report("a", nil, activity: ["/user/ada": .integer(later + 1_000_000_000)])
            await hub.services.activity.flush()
            #expect(try await hub.database.session(id: session.id)?.lastActivity == hub.clock.now)
        }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"proxy":""}"#, #"{"proxy":"a b"}"#, #"{"proxy":"a","activity":{"/a":"now"}}"#,
        #"{"proxy":"a","activity":{"/a":-1}}"#,
    ])
    func aReportThatMakesNoSenseIsRefused(_ body: String) async throws {
        try await TestHub.run { hub in
            let proof = ("Authorization", "Bearer \(TestHub.proxyToken)")
            let answer = try await hub.send("POST", "/api/v1/proxy/activity", headers: [proof], body: body)
            #expect(answer.status == 400)
        }
    }

    @Test func proxiesAreToldWhereAgentsDialTheOthers() {
        let feed = ProxyFeed(now: { .now })
        let pin = "sha256:" + String(repeating: "A", count: 43) + "="
        let first = feed.join("p1", door: AgentDoor(address: "one.test:443", pins: "")).id
        _ = feed.join("p2", door: AgentDoor(address: "[2001:db8::7]:443", pins: pin))
        // One that says nothing of it is none that agents dial.
        _ = feed.join("p3")
        let both = ##""peers":["[2001:db8::7]:443","one.test:443"],"pins":["\##(pin)"]"##
        #expect(feed.changes(after: 1)?.last?.contains(both) == true)
        #expect(feed.beginning(after: nil).lines.contains { $0.contains(both) })
        feed.leave(first)
        #expect(feed.changes(after: 2)?.last?.contains(##""peers":["[2001:db8::7]:443"]"##) == true)
        #expect(feed.book.withLock { $0.number } == 3)
    }

    @Test(arguments: [("proxy", ""), ("proxy:0", ""), ("a b:443", ""), ("proxy:443", "sha1:AAAA"), ("[::1:443", "")])
    func whatIsNoPlaceForAgentsIsRefused(_ address: String, _ pins: String) {
        #expect(AgentDoor(address: address, pins: pins) == nil)
    }
}
