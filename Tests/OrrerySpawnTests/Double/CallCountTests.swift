import FaultDouble
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Testing

@testable import OrrerySpawn

/// What sessions cost a cluster, counted at its door.
@Suite(.timeLimit(.minutes(3))) struct CallCountTests {
    @Test func aSessionsWholeLifeTakesSixChangesAndNoPolls() async throws {
        let budget = Budget(callsPerSecond: 10_000, burst: 10_000)
        try await DoubledFacility.run(budget: budget) { facility in
            let double = try #require(facility.doubles["north"])
            #expect(await facility.reaches { facility.isSeen("north") && double.calls.filter(\.isWatch).count == 2 })
            var sessions: [SessionRecord] = []
            for number in 0..<20 { sessions.append(try await facility.start(number)) }
            for session in sessions { #expect(await facility.arrival(of: session) == .ready) }
            for session in sessions { try await facility.spawner.stop(session.id, by: "ada") }
            #expect(
                await facility.reaches {
                    for session in sessions {
                        guard (try? await facility.store.session(id: session.id)?.state) == .ended else { return false }
                    }
                    return true
                })
            let calls = double.calls
            for session in sessions {
                let own = calls.filter { $0.path.contains(session.pod) || $0.isCreation }
                let named = own.filter { $0.path.contains(session.pod) }
                #expect(named.filter(\.isMutating).count == 3, "\(named.map(\.text))")
                // Whether it is there already, and whose it is that is to be removed: a number that does not grow with time.
                #expect(named.count { !$0.isMutating } <= 2, "\(named.map(\.text))")
            }
            #expect(calls.filter(\.isCreation).count == 3 * sessions.count)
            #expect(calls.filter(\.isMutating).count == 6 * sessions.count)
            // The cluster is watched as a whole, whoever is on it.
            #expect(calls.filter(\.isWatch).count == 2)
            #expect(calls.count { !$0.isWatch && $0.query.contains("limit=") } == 2)
        }
    }
}

extension Call {
    fileprivate var isCreation: Bool { method == "POST" }
}
