import Foundation
import OrreryKubernetes
import OrreryModel
import Testing

@testable import OrrerySpawn

/// Started by `Tests/Benchmarks/black-hole`, which says where a cluster is that never answers, and compares what this prints:
/// how long starts on good clusters took, in milliseconds.
@Suite(.enabled(if: BlackHole.isAsked)) struct BlackHoleMeasure {
    @Test func startsOnGoodClusters() async throws {
        let hole = BlackHole.server.map {
            [ClusterAccess(name: "hole", server: $0, token: Secret("t"), namespace: "hub")]
        }
        let budget = Budget(callsPerSecond: 10_000, burst: 10_000)
        try await DoubledFacility.run(["north", "south", "east"], others: hole ?? [], budget: budget) { facility in
            let good = ["north", "south", "east"]
            #expect(await facility.reaches { good.allSatisfy { facility.isSeen($0) } })
            // Those who ask for the cluster that does not answer, before it is known to be away.
            if hole != nil { for number in 0..<40 { _ = try? await facility.start(10_000 + number, on: "hole") } }
            var spans: [Double] = []
            for number in 0..<150 {
                let began = ContinuousClock.now
                let session = try await facility.start(number, on: good[number % 3])
                #expect(await facility.arrival(of: session) == .ready)
                let (seconds, attoseconds) = (ContinuousClock.now - began).components
                spans.append(Double(seconds) * 1000 + Double(attoseconds) / 1e15)
            }
            print("SPANS \(spans.map { String(format: "%.2f", $0) }.joined(separator: " "))")
        }
    }
}

enum BlackHole {
    static var isAsked: Bool { ProcessInfo.processInfo.environment["ORRERY_BENCH_BLACK_HOLE"] != nil }

    /// Nil: there is none, for the comparison.
    static var server: String? {
        ProcessInfo.processInfo.environment["ORRERY_BENCH_BLACK_HOLE"].flatMap { $0 == "none" ? nil : $0 }
    }
}
