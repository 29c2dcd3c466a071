import FoundationEssentials
import OrreryFetch
import OrreryModel
import Testing

@testable import FaultDouble

@Suite(.timeLimit(.minutes(3))) struct WatchFaultTests {
    @Test func linesArePutBetweenThoseOfTheServer() async throws {
        try await Rig.run { rig in
            rig.double.add(Fault(.inject(lines: ["garbage"], after: 1), on: .init(watch: true)))
            let read = try await lines(4, of: try await rig.watch())
            #expect(read.count == 4)
            #expect(read[1] == "garbage")
        }
    }

    @Test func aWatchCanComeInPieces() async throws {
        try await Rig.run { rig in
            rig.double.add(Fault(.split(size: 5), on: .init(watch: true)))
            let read = try await lines(3, of: try await rig.watch())
            #expect(read.count == 3)
            #expect(read.allSatisfy { $0.hasPrefix(#"{"type":"MODIFIED""#) && $0.hasSuffix("}}") })
        }
    }

    @Test func aWatchEndsProperlyOrIsCut() async throws {
        try await Rig.run { rig in
            rig.double.add(Fault(.end(how: .close, after: 2), on: .init(watch: true)))
            #expect(try await rig.watch().collect(upTo: 1 << 20).filter { $0 == 10 }.count == 2)
            rig.double.add(Fault(.end(how: .cut, after: 2), on: .init(watch: true)))
            let stream = try await rig.watch()
            await #expect(throws: FetchError.self) { try await stream.collect(upTo: 1 << 20) }
        }
    }

    @Test func openWatchesCanBeInterferedWith() async throws {
        try await Rig.run { rig in
            let watch = try await rig.watch()
            #expect(try await lines(3, of: watch).count == 3)
            #expect(rig.double.watches(path: "/pods", .bytes("half a li")) == 1)
            rig.double.watches(path: "/pods", .bytes("ne\n"))
            #expect(try await lines(1, of: watch) == ["half a line"])
            rig.double.watches(.end(.close))
            #expect(try await watch.collect(upTo: 10).isEmpty)
        }
    }
}

@Suite(.timeLimit(.minutes(3))) struct ControlTests {
    @Test func theControlInterfaceDoesTheSame() async throws {
        try await Rig.run { rig in
            let fault = #"{"match": {"method": "POST"}, "times": null, "action": {"refuse": {"as": "quota"}}}"#
            let added = try await rig.control("POST", "/faults", fault)
            #expect(String(decoding: added.body, as: UTF8.self) == #"{"number":1}"#)
            #expect(try await rig.send("POST").status == 403)
            #expect(try await rig.send("POST").status == 403)
            #expect(String(decoding: try await rig.control("GET", "/faults/1").body, as: UTF8.self) == #"{"hits":2}"#)
            _ = try await rig.control("DELETE", "/faults/1")
            #expect(try await rig.send("POST").status == 200)
            let calls = try await rig.control("GET", "/calls").body
            #expect(try JSONDecoder().decode([Call].self, from: Data(calls)) == rig.double.calls)
            _ = try await rig.control("DELETE", "/calls")
            #expect(rig.double.calls.isEmpty)
            #expect(try await rig.control("POST", "/faults", "{}").status == 400)
            #expect(try await rig.control("POST", "/watches", #"{"path": "/pods", "end": "cut"}"#).status == 200)
        }
    }
}
