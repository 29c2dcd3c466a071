import Foundation
import OrreryModel
import Testing

@testable import OrreryPolicy

struct PlacementTests {
    private typealias Sample = PlacementSample

    private func place(
        _ request: PlacementRequest = PlacementSample.request(), on clusters: [ClusterFacts],
        of site: SiteFacts = SiteFacts(), quotas: Quotas = Quotas()
    ) throws -> Placement {
        try Sample.policy(quotas: quotas).place(request, on: clusters, of: site, at: Sample.now)
    }

    struct Filter: Sendable {
        let filter: PlacementFilter
        let words: String
        let change: @Sendable (inout ClusterFacts) -> Void

        init(_ filter: PlacementFilter, _ words: String, _ change: @escaping @Sendable (inout ClusterFacts) -> Void) {
            (self.filter, self.words, self.change) = (filter, words, change)
        }
    }

    static let filters = [
        Filter(.membership, "has not been admitted yet") { $0.membership = .pending },
        Filter(.membership, "is suspended") { $0.membership = .suspended },
        Filter(.membership, "membership was revoked") { $0.membership = .revoked },
        Filter(.membership, "has left") { $0.membership = .left },
        Filter(.scheduling, "takes no new sessions") { $0.scheduling = .cordoned },
        Filter(.scheduling, "is being emptied until") { $0.scheduling = .draining(until: PlacementSample.now) },
        Filter(.health, "cannot be reached since 2026-11-18") {
            $0.health = .unreachable(since: PlacementSample.now, reason: "connection refused")
        },
        Filter(.health, "its last 3 starts failed; it is tried again at") { facts in
            for _ in 0..<3 { facts.breaker.failed(at: PlacementSample.now) }
        },
        Filter(.trust, "nobody has vouched") { $0.trust = .unclaimed },
        Filter(.trust, "only cern have it") {
            $0.owner = "cern"
            $0.trust = .ownerOnly
        },
        Filter(.trust, "rules of its own: only cern have it") { $0.admits = ["cern"] },
        Filter(.trust, "only cern and developers have it") { $0.trust = .groups(["cern", "developers"]) },
        Filter(.gpu, "it has no GPU") { $0.capacity.gpu = 0 },
        Filter(.size, "it is too small: 4 CPU wanted, 0 of 2 in use") { $0.capacity.cpu = CPUCount(millicores: 2000) },
        Filter(.size, "it is too small: 16Gi memory wanted") { $0.capacity.memory = ByteCount("8Gi") },
        Filter(.capacity, "no free session, 2 of 2 in use") {
            $0.capacity.sessions = 2
            $0.held.sessions = 2
        },
        Filter(.capacity, "4 CPU wanted, 6 of 8 in use") {
            $0.capacity.cpu = CPUCount(millicores: 8000)
            $0.held.cpu = CPUCount(millicores: 6000)
        },
        Filter(.capacity, "16Gi memory wanted, 20Gi of 32Gi in use") {
            $0.capacity.memory = ByteCount("32Gi")
            $0.held.memory = ByteCount(bytes: 20 << 30)
        },
        Filter(.capacity, "no free GPU, 8 of 8 in use") {
            $0.capacity.gpu = 8
            $0.held.gpu = 8
        },
        Filter(.capacity, "no free session, 9 of 9 in use") {
            $0.capacity.sessions = 10
            $0.headroom = 10
            $0.held.sessions = 9
        },
        Filter(.capacity, "64 sessions are starting there") {
            $0.startsAtOnce = 64
            $0.starting = 64
        },
        Filter(.capacity, "its next place is for somebody who has waited longer") { $0.nextIs = "somebody" },
    ]

    @Test(arguments: filters) func aClusterThatFailsAFilterIsNeverTaken(_ filter: Filter) throws {
        let placement = try place(
            Sample.request(size: "gpu"), on: [Sample.facts("north", filter.change), Sample.facts("west")])
        #expect(placement.cluster == "west")
        let objection = try #require(placement.verdict(on: "north")?.objections.first)
        #expect(objection.filter == filter.filter)
        #expect(objection.refusal.reason.contains(filter.words), "\(objection.refusal.reason)")
    }

    @Test func whatIsKeptFreeIsNotWaitedFor() throws {
        let policy = try PolicyDirectory(Sample.documents(quotas: ""))
            .replacing("gpu: 1}", in: "profiles.yaml", with: "gpu: 8}").load(groups: ["science", "cern", "developers"])
        let facts = Sample.facts("north") {
            $0.capacity.gpu = 8
            $0.headroom = 20
        }
        let placement = policy.place(Sample.request(size: "gpu"), on: [facts], at: Sample.now)
        #expect(placement.refusals.first?.reason == "it has 7 GPU to give, and this size takes 8")
        #expect(placement.verdicts.first?.objections.first?.filter == .gpu)
        #expect(placement.servers.isEmpty, "nothing there is kept for it")
    }

    @Test func everyFilterThatFailsIsTold() throws {
        let worst = Sample.facts("north") { facts in
            facts.membership = .suspended
            facts.scheduling = .cordoned
            facts.health = .unreachable(since: Sample.now, reason: "timeout")
            facts.trust = .unclaimed
            facts.capacity = ResourceBounds(sessions: 1, gpu: 0)
            facts.held.sessions = 1
        }
        let placement = try place(Sample.request(size: "gpu"), on: [worst])
        let filters = placement.verdicts.first?.objections.map(\.filter)
        #expect(filters == [.membership, .scheduling, .health, .trust, .gpu, .capacity, .capacity])
        #expect(placement.refusals.count == 7)
        #expect(placement.refusals.allSatisfy { $0.what == "cluster north" })
    }

    @Test func aClusterWithoutARequiredFilesetIsRefusedByItsName() throws {
        let foreign = Sample.facts("east")
        let placement = try place(on: [foreign, Sample.facts("north")])
        #expect(placement.cluster == "north")
        #expect(placement.verdict(on: "east")?.objections.first?.filter == .filesets)
    }

    @Test func whatIsAgainstItEverywhereIsSaidOnce() throws {
        let placement = try place(Sample.request(in: ["cern"]), on: Sample.clusters)
        #expect(placement.isHopeless)
        #expect(placement.refusals.map(\.reason) == ["only developers and science have it"])
    }

    @Test func whereTheHomeIsWins() throws {
        let clusters = [
            Sample.facts("north"), Sample.facts("south"), Sample.facts("west") { $0.owner = "science" },
        ]
        #expect(try place(Sample.request(past: ["south"]), on: clusters).cluster == "south")
        let shared = clusters.map { facts in
            var facts = facts
            if facts.name != "west" { facts.homes = "same" }
            return facts
        }
        let placement = try place(Sample.request(past: ["south"]), on: shared)
        let north = try #require(placement.verdict(on: "north"))
        #expect(north.terms.contains { $0.text == "your home is here +40" })
        #expect(placement.verdict(on: "south")?.terms.last?.text == "you were here last +5")
    }

    @Test func whereTheDataIsWins() throws {
        let placement = try place(on: Sample.clusters)
        #expect(["north", "south"].contains(placement.cluster))
        let west = try #require(placement.verdict(on: "west"))
        #expect(west.terms.contains { $0.text == "1 of your 2 filesets are here +12" })
    }

    @Test func theTermsSumToAHundred() throws {
        let best = Sample.facts("north") { facts in
            facts.owner = "science"
            facts.images = ["registry.example/lab/jupyterlab@sha256:\(String(repeating: "a", count: 64))"]
            facts.starts = [true, true]
            facts.latency = .milliseconds(5)
            facts.cost = 0
        }
        let placement = try place(on: [best, Sample.facts("west") { $0.cost = 10 }])
        #expect(placement.verdicts.first?.score == 100)
    }

    @Test func gpuIsKeptForThoseWhoNeedIt() throws {
        let clusters = [
            Sample.facts("north") { $0.capacity.gpu = 8 }, Sample.facts("south") { $0.capacity.gpu = 0 },
        ]
        for name in ["ada", "ben", "cleo", "dan"] {
            #expect(try place(Sample.request(name), on: clusters).cluster == "south")
            #expect(try place(Sample.request(name, size: "gpu"), on: clusters).cluster == "north")
        }
    }

    @Test func aPinIsKept() throws {
        #expect(try place(Sample.request(pin: "west"), on: Sample.clusters).cluster == "west")
        let cordoned = Sample.clusters.dropLast() + [Sample.facts("west") { $0.scheduling = .cordoned }]
        let placement = try place(Sample.request(pin: "west"), on: Array(cordoned))
        #expect(placement.refusals.map(\.reason) == ["it takes no new sessions for the time being"])
        let unknown = try place(Sample.request(pin: "nroth"), on: Sample.clusters)
        #expect(unknown.refusals.first?.remedy == "did you mean north?")
    }

    @Test func whereOnlyRoomIsMissingItWaits() throws {
        let full = Sample.facts("north") { facts in
            facts.capacity.sessions = 1
            facts.held.sessions = 1
        }
        let placement = try place(on: [full, Sample.facts("south") { $0.scheduling = .cordoned }])
        guard case .queued(let plan, let why) = placement.outcome else { throw CancellationError() }
        #expect(plan.cluster == "north")
        #expect(why.map(\.reason) == ["no free session, 1 of 1 in use"])
        #expect(placement.verdict(on: "north")?.notHere == "not North: no free session, 1 of 1 in use")
    }

    @Test func whatItNeverHasIsNotWaitedFor() throws {
        let placement = try place(Sample.request(size: "gpu"), on: [Sample.facts("north") { $0.capacity.gpu = 0 }])
        #expect(!placement.isQueued)
        #expect(placement.refusals.map(\.reason).contains("it has no GPU"))
    }

    @Test func aClusterThatNeverAnsweredIsTakenOnlyWhereNoOtherIsLeft() throws {
        let unseen = Sample.facts("north") { $0.health = .neverSeen }
        #expect(try place(on: [unseen, Sample.facts("west")]).cluster == "west")
        #expect(try place(on: [unseen]).cluster == "north")
    }

    @Test func aPersonsQuotaRefusesAndAGroupsQuotaQueues() throws {
        let quotas = Quotas(
            person: ResourceBounds(sessions: 1), groups: ["science": .init(all: ResourceBounds(sessions: 5))])
        var site = SiteFacts()
        site.person.sessions = 1
        let refused = try place(on: Sample.clusters, of: site, quotas: quotas)
        #expect(refused.quota?.reason == "no free session, 1 of 1 in use")
        #expect(refused.refusals == [refused.quota].compactMap { $0 })
        site.person.sessions = 0
        site.account.sessions = 5
        let queued = try place(on: Sample.clusters, of: site, quotas: quotas)
        #expect(queued.isQueued)
        #expect(
            queued.verdicts.first?.objections.first?.refusal.reason == "for science: no free session, 5 of 5 in use")
    }
}
