import Foundation
import OrreryModel
import Testing

@testable import OrreryPolicy

/// What holds for every site and every request. The seeds are fixed, so a failure names what failed.
struct PlacementPropertyTests {
    private static let seeds: Range<UInt64> = 1..<400

    private func clusters(_ random: inout SplitMix) -> [ClusterFacts] {
        ["north", "south", "west"].map { name in
            PlacementSample.facts(name) { facts in
                if random.chance(10) { facts.membership = .suspended }
                if random.chance(15) { facts.scheduling = .cordoned }
                if random.chance(15) { facts.health = .unreachable(since: PlacementSample.now, reason: "timeout") }
                if random.chance(10) { facts.trust = .groups(["cern"]) }
                facts.capacity = ResourceBounds(sessions: 4, gpu: Int.random(in: 0...2, using: &random))
                facts.held = Resources(
                    sessions: Int.random(in: 0...4, using: &random), gpu: Int.random(in: 0...2, using: &random))
                facts.cost = Int.random(in: 0...9, using: &random)
                facts.latency = .milliseconds(Int.random(in: 1...400, using: &random))
                if random.chance(20) { facts.owner = "science" }
            }
        }
    }

    private func request(_ random: inout SplitMix) -> PlacementRequest {
        let name = "p\(Int.random(in: 0...50, using: &random))"
        return PlacementSample.request(
            name, in: random.chance(80) ? ["science"] : ["developers"], size: random.chance(30) ? "gpu" : nil,
            pin: random.chance(20) ? "south" : nil, past: random.chance(40) ? ["west"] : [])
    }

    @Test func theOrderOfClustersNeverMattersAndTheAnswerIsAlwaysTheSame() throws {
        let policy = try PlacementSample.policy()
        var outcomes = Set<String>()
        for seed in Self.seeds {
            var random = SplitMix(seed: seed)
            let (clusters, request) = (clusters(&random), request(&random))
            let first = policy.place(request, on: clusters, at: PlacementSample.now)
            for other in [clusters, clusters.reversed(), clusters.shuffled(using: &random)] {
                #expect(policy.place(request, on: other, at: PlacementSample.now) == first, "seed \(seed)")
            }
            outcomes.insert("\(first.outcome)".prefix { $0 != "(" }.description)
        }
        #expect(outcomes == ["placed", "queued", "refused"], "the seeds must meet all of them")
    }

    @Test func nothingIsPlacedWhereAFilterFailsAndNothingQueuedForMoreThanRoom() throws {
        let policy = try PlacementSample.policy()
        for seed in Self.seeds {
            var random = SplitMix(seed: seed)
            let (clusters, request) = (clusters(&random), request(&random))
            let placement = policy.place(request, on: clusters, at: PlacementSample.now)
            // Whoever insists is placed there whether or not the others are looked at.
            let there = clusters.filter { $0.name == request.pin ?? $0.name }
            let alone = policy.place(request, on: there, at: PlacementSample.now).outcome
            let placed = [alone, placement.outcome].contains { if case .placed = $0 { true } else { false } }
            #expect(!placed || alone == placement.outcome, "seed \(seed)")
            switch placement.outcome {
            case .placed(let plan):
                #expect(placement.verdict(on: plan.cluster)?.objections == [], "seed \(seed)")
                #expect(request.pin == nil || request.pin == plan.cluster, "seed \(seed)")
            case .queued(let plan, _):
                #expect(placement.verdict(on: plan.cluster)?.isCandidate == true, "seed \(seed)")
                #expect(!placement.verdicts.contains { $0.objections.isEmpty }, "seed \(seed)")
            case .refused(let refusals):
                #expect(!placement.verdicts.contains { $0.isCandidate }, "seed \(seed)")
                let told = placement.verdicts.filter { !$0.objections.contains { $0.filter == .pin } }
                    .flatMap(\.objections).map(\.refusal)
                #expect(placement.isHopeless || Set(refusals) == Set(told), "seed \(seed)")
            }
        }
    }

    @Test func equalClustersShareThePeople() throws {
        let policy = try PlacementSample.policy()
        let clusters = ["north", "south"].map { PlacementSample.facts($0) }
        var counts: [String: Int] = [:]
        for number in 0..<400 {
            let placement = policy.place(
                PlacementSample.request("p\(number)"), on: clusters, at: PlacementSample.now)
            counts[placement.cluster ?? "", default: 0] += 1
        }
        #expect(counts.count == 2)
        #expect(counts.values.allSatisfy { 140...260 ~= $0 }, "\(counts)")
    }
}
