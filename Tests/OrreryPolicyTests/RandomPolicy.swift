import Foundation
import OrreryDocument
import OrreryModel
import OrreryPolicy

/// A policy and somebody in it, made from a seed: any grants, any groups, some filesets without a source.
struct RandomPolicy {
    let filesets: [Fileset]
    let binding: ClusterBinding
    let person: Person
    let now: Date

    static let groups = ["a", "b", "c", "kind:x", "kind:y"]

    init(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        var filesets: [Fileset] = []
        var sources: [String: ClusterBinding.Source] = [:]
        for number in 0..<Int.random(in: 1...6, using: &random) {
            let fileset = try Self.fileset(number, &random)
            filesets.append(fileset)
            guard number == 0 || random.chance(80) else { continue }
            let path = fileset.each == nil ? "t\(number)" : "t\(number)/{group}"
            var source = ClusterBinding.Source(
                storage: .shared(.claim("claim-\(Int.random(in: 0...2, using: &random))")),
                path: try Self.template(path, absolute: false))
            source.isReadOnly = random.chance(15)
            sources[fileset.name] = source
        }
        self.filesets = filesets
        var binding = ClusterBinding(cluster: "north", sources: sources)
        binding.trust = random.chance(80) ? [Fileset.ordinaryTrust, "far"] : [random.chance(50) ? "far" : "ordinary"]
        self.binding = binding
        person = Person.named(
            in: Set(Self.groups.filter { _ in random.chance(40) }), uid: random.chance(95) ? 20001 : nil)
        now = Date(timeIntervalSince1970: Double(Int.random(in: 0...10, using: &random)))
    }

    /// The policy with its filesets, their grants, and the people in these in another order.
    func shuffled(seed: UInt64) -> Policy {
        var random = SplitMix(seed: seed)
        let filesets = self.filesets.shuffled(using: &random).map { fileset in
            var copy = Fileset(
                name: fileset.name, at: fileset.at, isHome: fileset.isHome, isRequired: fileset.isRequired,
                each: fileset.each,
                grants: fileset.grants.shuffled(using: &random).map { grant in
                    Grant(to: grant.to.shuffled(using: &random), mode: grant.mode, from: grant.from, until: grant.until)
                }, never: fileset.never.shuffled(using: &random), surfaces: fileset.surfaces)
            copy.trust = fileset.trust
            return copy
        }
        return policy(filesets)
    }

    var policy: Policy { policy(filesets) }

    private func policy(_ filesets: [Fileset]) -> Policy {
        let size = Policy.Size(
            name: "small", cpu: .init(request: CPUCount(millicores: 1), limit: CPUCount(millicores: 1)),
            memory: .init(request: ByteCount(bytes: 1), limit: ByteCount(bytes: 1)))
        return Policy(
            filesets: filesets,
            profiles: [
                Profile(
                    name: "p", title: "p", allow: [.everyone], environments: [],
                    sizes: [.init(name: "small", to: [.everyone])], filesets: .all,
                    life: Plan.Life(max: .seconds(60), grace: .seconds(1)))
            ], sizes: [size], bindings: [binding])
    }

    private static func fileset(_ number: Int, _ random: inout SplitMix) throws -> Fileset {
        let isExpanded = number > 0 && random.chance(30)
        var grants: [Grant] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) { grants.append(grant(isExpanded, &random)) }
        var fileset = Fileset(
            name: "f\(number)", at: try template(isExpanded ? "/t\(number)/{group}" : "/t\(number)", absolute: true),
            isHome: number == 0, each: isExpanded ? GroupPattern(prefix: "kind:") : nil, grants: grants,
            never: random.chance(25) ? [audience(false, &random)] : [],
            surfaces: random.chance(90) ? Fileset.knownSurfaces : [])
        if random.chance(15) { fileset.trust = "far" }
        return fileset
    }

    private static func grant(_ isExpanded: Bool, _ random: inout SplitMix) -> Grant {
        let from = random.chance(30) ? Double(Int.random(in: 0...10, using: &random)) : nil
        let length = random.chance(30) ? Double(Int.random(in: 1...5, using: &random)) : nil
        return Grant(
            to: (0..<Int.random(in: 1...2, using: &random)).map { _ in audience(isExpanded, &random) },
            mode: random.chance(50) ? .rw : .ro, from: from.map { Date(timeIntervalSince1970: $0) },
            until: length.map { Date(timeIntervalSince1970: (from ?? 0) + $0) })
    }

    private static func audience(_ isExpanded: Bool, _ random: inout SplitMix) -> Audience {
        if random.chance(10) { return .everyone }
        if isExpanded, random.chance(60) { return .member }
        return .group(groups[Int.random(in: 0..<groups.count, using: &random)])
    }

    private static func template(_ text: String, absolute: Bool) throws -> PathTemplate {
        try PathTemplate(try DocumentNode.parse("\"\(text)\"", file: "random"), absolute: absolute)
    }
}
