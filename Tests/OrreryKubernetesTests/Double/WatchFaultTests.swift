import FaultDouble
import OrreryFetch
import OrreryModel
import Testing

@testable import OrreryKubernetes

/// Whatever happens to lists and watches, what is known of the cluster becomes true again.
@Suite(.timeLimit(.minutes(3))) struct WatchFaultTests {
    private static let expiredLine = #"{"type":"ERROR","object":\#(Fault.Refusal.expired.status)}"#
    private static let huge =
        #"{"type":"MODIFIED","object":{"metadata":{"name":"huge"},"data":{"x":""#
        + String(repeating: "x", count: 9 << 20)

    @Test(
        arguments: [
            ("410 as an answer", .refuse(as: .expired)),
            ("410 as a line", .inject(lines: [expiredLine], after: 0)),
            ("a version of the future", .refuse(as: .versionTooLarge)),
            ("lines in pieces", .split(size: 3)),
            ("garbage", .inject(lines: ["]]]garbage"], after: 0)),
            ("a line that is no event", .inject(lines: [#"{"kind":"Status"}"#], after: 0)),
            ("an unknown type", .inject(lines: [#"{"type":"SPARKLE","object":{}}"#], after: 0)),
            ("a huge line", .inject(lines: [huge], after: 0)),
            ("ended properly", .end(how: .close, after: 1)),
            ("cut off", .end(how: .cut, after: 1)),
            ("401 at its beginning", .refuse(as: .unauthorized)),
            ("403 at its beginning", .refuse(as: .rbac)),
            ("429 with a time", .refuse(as: .tooManyRequests)),
            ("429 without one", .refuse(as: .tooManyRequestsSilently)),
            ("500", .refuse(as: .internalError)),
            ("502 of something in between", .refuse(as: .badGateway)),
            ("no answer", .lose(what: .answer)),
        ] as [(String, Fault.Action)])
    func aWatchGoesOnAfter(_ what: String, _ action: Fault.Action) async throws {
        try await DoubledCluster.run { cluster in
            try await cluster.make("before")
            let fault = cluster.double.add(Fault(action, on: .init(path: "/configmaps", watch: true)))
            let picture = cluster.follow()
            #expect(await eventually { picture.names == ["before"] })
            #expect(await eventually { cluster.double.hits(fault) == 1 })
            try await cluster.make("after")
            try await cluster.direct.delete(ConfigMap.self, "before")
            #expect(await eventually { picture.names == ["after"] && picture.isSeen }, "\(what): \(picture.names)")
        }
    }

    @Test(
        arguments: [.refuse(as: .expired), .refuse(as: .unavailable), .lose(what: .answer), .refuse(as: .rbac)]
            as [Fault.Action])
    func aListThatFailsIsNoEmptyList(_ action: Fault.Action) async throws {
        try await DoubledCluster.run { cluster in
            try await cluster.make("a")
            let picture = cluster.follow()
            #expect(await eventually { picture.names == ["a"] })
            cluster.double.add(Fault(action, on: .init(path: "/configmaps", query: "limit=500")))
            #expect(await eventually { cluster.double.watches(.bytes(Self.expiredLine + "\n")) > 0 })
            #expect(await eventually { picture.lists == 2 })
            #expect(picture.names == ["a"])
        }
    }

    @Test func aListThatExpiresBetweenItsPagesIsReadWhole() async throws {
        try await DoubledCluster.run(having: (0..<501).map { "m\($0)" }) { cluster in
            cluster.double.add(Fault(.refuse(as: .expired), on: .init(query: "continue=")))
            let list = try await cluster.client.list(ConfigMap.self, Selection(labels: "test=yes"))
            #expect(list.items.count == 501)
            #expect(cluster.double.calls.map(\.status) == [200, 410, 200])
        }
    }

    @Test func aWatchThatFallsSilentIsCutByOurOwnClock() async throws {
        // A thousand times as fast as the clock on the wall, so that 100 s are over in a tenth.
        let fast = Timekeeper(FastClock(factor: 200))
        try await DoubledCluster.run { cluster in
            try await cluster.make("a")
            cluster.double.add(Fault(.end(how: .stall, after: 0), on: .init(watch: true)))
            let picture = cluster.follow(time: fast)
            #expect(await eventually { picture.names == ["a"] && cluster.double.calls.count >= 2 })
            try await cluster.make("b")
            #expect(await eventually { picture.names == ["a", "b"] })
        }
    }

    @Test func versionsThatWentBackAreNoticed() async throws {
        let fast = Timekeeper(FastClock(factor: 200))
        try await DoubledCluster.run { cluster in
            for number in 0..<20 { try await cluster.make("m\(number)") }
            let picture = cluster.follow(time: fast)
            #expect(await eventually { picture.names.count == 20 })
            cluster.double.add(Fault(.versions(back: 10)))
            #expect(await eventually { cluster.double.watches(.end(.cut)) > 0 })
            try await cluster.make("new")
            #expect(await eventually { picture.names.count == 21 })
        }
    }
}

/// A clock that runs faster than that on the wall.
struct FastClock: Clock {
    typealias Instant = ContinuousClock.Instant
    let factor: Int
    private let start = ContinuousClock.now

    init(factor: Int) { self.factor = factor }

    var now: Instant { start + (ContinuousClock.now - start) * factor }
    var minimumResolution: Duration { .milliseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try await Task.sleep(for: (deadline - now) / factor)
    }
}
