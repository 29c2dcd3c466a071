import Foundation
import OrreryModel
import OrreryPolicy
import Testing

/// What holds for every policy and everybody. The seeds are fixed, so a failure names the policy that failed.
struct PropertyTests {
    private static let seeds: Range<UInt64> = 1..<200

    /// The grants of `mount`'s fileset that are for the person now, by the plain reading of the documents.
    private func grants(for mount: Plan.Mount, in random: RandomPolicy) -> [Grant] {
        guard let fileset = random.filesets.first(where: { $0.name == mount.fileset }) else { return [] }
        let group = fileset.each.map { $0.prefix + mount.path.split(separator: "/").dropFirst().joined() }
        return fileset.grants.filter { grant in
            let isNow = grant.from.map { $0 <= random.now } ?? true && grant.until.map { random.now < $0 } ?? true
            return isNow && grant.to.contains { isMeant($0, group, random.person) }
        }
    }

    private func isMeant(_ audience: Audience, _ expanded: String?, _ person: Person) -> Bool {
        switch audience {
        case .everyone: true
        case .member: expanded.map(person.isMember) ?? false
        case .group(let name): person.isMember(of: name)
        }
    }

    private func decision(_ random: RandomPolicy) -> MountDecision {
        random.policy.mounts(for: random.person, on: "north", at: random.now)
    }

    @Test func nothingIsGrantedThatNoGrantSays() throws {
        var mounts = 0
        for seed in Self.seeds {
            let random = try RandomPolicy(seed: seed)
            for mount in decision(random).mounts {
                mounts += 1
                #expect(!grants(for: mount, in: random).isEmpty, "seed \(seed): \(mount)")
                #expect(random.binding.sources[mount.fileset] != nil, "seed \(seed): \(mount)")
            }
        }
        #expect(mounts > 100, "the seeds must grant something for this to mean anything")
    }

    @Test func nothingIsWritableThatNoGrantMakesSo() throws {
        var both = Set<Bool>()
        for seed in Self.seeds {
            let random = try RandomPolicy(seed: seed)
            for mount in decision(random).mounts {
                let isWritable = grants(for: mount, in: random).contains { $0.mode == .rw }
                let isOpen = random.binding.sources[mount.fileset]?.isReadOnly == false
                #expect(mount.isReadOnly == !(isWritable && isOpen), "seed \(seed): \(mount)")
                both.insert(isWritable)
            }
        }
        #expect(both.count == 2)
    }

    @Test func theDecisionIsWhatASlowReadingOfTheRulesSays() throws {
        var kinds: [String: Int] = [:]
        for seed in 1..<UInt64(1500) {
            let random = try RandomPolicy(seed: seed)
            let seen = Dictionary(
                uniqueKeysWithValues: decision(random).mounts.map { ($0.path, $0.isReadOnly ? "ro" : "rw") })
            #expect(seen == SlowReading(random: random).seen, "seed \(seed)")
            for mode in seen.values { kinds[mode, default: 0] += 1 }
            if seen.isEmpty { kinds["nothing", default: 0] += 1 }
        }
        #expect(kinds.values.allSatisfy { $0 > 100 } && kinds.count == 3, "\(kinds)")
    }

    @Test func equalPlansHaveEqualHashesWhateverTheOrder() throws {
        for seed in Self.seeds {
            let random = try RandomPolicy(seed: seed)
            let (one, other) = (decision(random), try decision(RandomPolicy(seed: seed)))
            let shuffled = random.shuffled(seed: seed &* 31).mounts(for: random.person, on: "north", at: random.now)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            let bytes = try encoder.encode(one.mounts)
            #expect(
                try encoder.encode(other.mounts) == bytes && encoder.encode(shuffled.mounts) == bytes, "seed \(seed)")
        }
    }

    @Test func neverWins() throws {
        var barred = 0
        for seed in Self.seeds {
            let random = try RandomPolicy(seed: seed)
            let mounted = Set(decision(random).mounts.map(\.fileset))
            for fileset in random.filesets where fileset.never.contains(where: { isMeant($0, nil, random.person) }) {
                barred += 1
                #expect(!mounted.contains(fileset.name), "seed \(seed): \(fileset.name)")
            }
        }
        #expect(barred > 20)
    }

    @Test func everyFilesetIsMountedOrRefused() throws {
        for seed in Self.seeds {
            let random = try RandomPolicy(seed: seed)
            let decision = decision(random)
            let told =
                decision.mounts.map(\.fileset) + decision.refusals.map { $0.what.split(separator: " ")[1].description }
            #expect(Set(told) == Set(random.filesets.map(\.name)), "seed \(seed)")
            #expect(Set(decision.mounts.map(\.path)).count == decision.mounts.count, "seed \(seed)")
        }
    }

    @Test func theOrderOfDocumentsAndGrantsDoesNotMatter() throws {
        for seed in Self.seeds {
            let random = try RandomPolicy(seed: seed)
            let other = random.shuffled(seed: seed ^ 0xFFFF)
            #expect(
                other.mounts(for: random.person, on: "north", at: random.now) == decision(random), "seed \(seed)")
        }
    }

    @Test func equalInputGivesEqualBytes() throws {
        let directory = PolicyDirectory()
        let person = Person.named(in: ["developers", "project:photoz", "project:calib"], gids: ["developers": 5001])
        var forms: Set<[UInt8]> = []
        for _ in 0..<5 {
            guard
                case .plan(let plan) = try directory.load()
                    .plan(for: person, profile: "standard", cluster: "north", at: .before)
            else { continue }
            forms.insert(plan.canonicalJSON())
        }
        #expect(forms.count == 1)
    }
}
