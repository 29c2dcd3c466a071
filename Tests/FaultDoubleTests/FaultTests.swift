import FoundationEssentials
import OrreryFetch
import OrreryModel
import Testing

@testable import FaultDouble

@Suite(.timeLimit(.minutes(3))) struct FaultTests {
    @Test func withoutFaultsEverythingPassesAndIsNoted() async throws {
        try await Rig.run { rig in
            #expect(try await rig.get()["metadata"]?["name"] == "a")
            _ = try await rig.send("DELETE")
            #expect(rig.double.calls.map(\.text) == rig.reached())
            #expect(rig.double.calls.map(\.isMutating) == [false, true])
            #expect(rig.double.calls.map(\.status) == [200, 200])
        }
    }

    @Test(arguments: Fault.Refusal.allCases) func aRefusalIsReadableAndReachesNobody(_ refusal: Fault.Refusal)
        async throws
    {
        try await Rig.run { rig in
            rig.double.add(Fault(.refuse(as: refusal), on: .init("POST"), skip: 1))
            #expect(try await rig.send("POST").status == 200)
            let answer = try await rig.send("POST")
            #expect(answer.status == refusal.answer.status)
            #expect(try await rig.send("POST").status == 200)
            #expect(rig.reached().count == 2)
            let status = try JSONDecoder().decode(JSON.self, from: Data(refusal.status.utf8))
            #expect(status["code"] == .integer(Int64(answer.status)))
        }
    }

    @Test func aLostAnswerWasCarriedOutAndALostRequestWasNot() async throws {
        try await Rig.run { rig in
            rig.double.add(Fault(.lose(what: .answer)))
            await #expect(throws: FetchError.self) { try await rig.send("POST") }
            #expect(rig.reached().count == 1)
            rig.double.add(Fault(.lose(what: .request)))
            await #expect(throws: FetchError.self) { try await rig.send("POST") }
            #expect(rig.reached().count == 1)
        }
    }

    @Test func aHeldRequestGoesOnWhenItsFaultIsTakenAway() async throws {
        try await Rig.run { rig in
            let number = rig.double.add(Fault(.hold, times: nil))
            async let held = rig.send("POST")
            while rig.double.hits(number) == 0 { await Task.yield() }
            #expect(rig.reached().isEmpty)
            rig.double.remove(number)
            let answer = try await held
            #expect(answer.status == 200)
        }
    }

    @Test func aStalledRequestNeverGetsAnAnswer() async throws {
        try await Rig.run { rig in
            rig.double.add(Fault(.stall))
            let request = FetchRequest(url: rig.double.server + "/api", limit: .milliseconds(200))
            await #expect(throws: FetchError.self) { try await rig.fetcher.fetch(request) }
            #expect(rig.reached().isEmpty)
        }
    }

    @Test func conditionsChangeWhatComesBackUntilTheyAreTakenAway() async throws {
        try await Rig.run { rig in
            rig.double.add(
                Fault(
                    .rewrite(
                        name: "a", drop: ["/spec/securityContext/supplementalGroupsPolicy"],
                        set: ["/status/podIP": "10.0.0.2", "/spec/containers/*/image": "other"])))
            rig.double.add(Fault(.clock(seconds: -300)))
            rig.double.add(Fault(.versions(back: 8000)))
            let pod = try await rig.get()
            #expect(pod["spec"]?["securityContext"] == [:])
            #expect(pod["status"]?["podIP"] == "10.0.0.2")
            #expect(pod["spec"]?["containers"]?.array?.first?["image"] == "other")
            #expect(pod["metadata"]?["creationTimestamp"] == "2026-11-22T11:55:00Z")
            #expect(pod["metadata"]?["resourceVersion"] == "1000")
            _ = try await lines(1, of: try await rig.watch(version: 9000))
            #expect(rig.reached().last?.hasSuffix("resourceVersion=17000") == true)
            rig.double.remove()
            #expect(try await rig.get()["status"]?["podIP"] == "10.0.0.1")
        }
    }

    @Test func aDeletionThatSticksLeavesTheObjectTerminating() async throws {
        try await Rig.run { rig in
            let watch = try await rig.watch()
            #expect(try await lines(3, of: watch).count == 3)
            rig.double.add(Fault(.stick, on: .init("DELETE")))
            #expect(try await rig.send("DELETE").status == 200)
            #expect(!rig.reached().contains { $0.hasPrefix("DELETE") })
            #expect(try await rig.get()["metadata"]?["deletionTimestamp"] != nil)
            #expect(try await lines(1, of: watch).first?.contains("deletionTimestamp") == true)
        }
    }
}
