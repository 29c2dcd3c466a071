import Foundation
import OrreryModel
import OrreryPolicy
import Testing

/// Hashes of plans are stored with the sessions that run by them: a text that changed would make all of them look outdated.
struct CanonicalTextTests {
    /// As plans have been written since the first one.
    private func written(_ plan: Plan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(plan), as: UTF8.self)
    }

    private func text(_ plan: Plan) -> String { String(decoding: plan.canonicalJSON(), as: UTF8.self) }

    @Test func aPlanWithEverythingInItIsAsCodableWritesIt() throws {
        var random = SplitMix(seed: 1)
        let plan = RandomPlan.full(&random)
        #expect(text(plan) == (try written(plan)))
    }

    // A member that the writer forgets is seen only where it has a value.
    @Test func thatPlanHasEverythingInItIndeed() {
        var random = SplitMix(seed: 1)
        expectFull(RandomPlan.full(&random), "plan")
    }

    private func expectFull(_ value: Any, _ name: String) {
        let mirror = Mirror(reflecting: value)
        let isContainer: Set<Mirror.DisplayStyle> = [.optional, .collection, .dictionary]
        if let style = mirror.displayStyle, isContainer.contains(style) {
            #expect(!mirror.children.isEmpty, "\(name) has no value: give it one in RandomPlan.full")
        }
        for child in mirror.children { expectFull(child.value, "\(name).\(child.label ?? "")") }
    }

    @Test func aPlanWithNothingInItIsAsCodableWritesIt() throws {
        let plan = RandomPlan.bare
        #expect(text(plan) == (try written(plan)))
    }

    @Test func anyPlanIsAsCodableWritesItAndReadsAsItself() throws {
        var random = SplitMix(seed: 7)
        for number in 0..<400 {
            let plan = random.chance(50) ? RandomPlan.full(&random) : RandomPlan.some(&random)
            let text = text(plan)
            #expect(text == (try written(plan)), "plan \(number)")
            #expect(try JSONDecoder().decode(Plan.self, from: Data(text.utf8)) == plan, "plan \(number)")
        }
    }

    @Test func everyByteIsAsCodableWritesIt() throws {
        let scalars = (0...0x2FF).compactMap(Unicode.Scalar.init).map { String(Character($0)) }
        for scalar in scalars + ["\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFF}", "\u{1F680}", "\u{10FFFF}"] {
            let plan = RandomPlan.with(home: "a\(scalar)b", variables: [scalar: scalar, "\(scalar)x": "/", "aa": ""])
            #expect(text(plan).utf8.elementsEqual(try written(plan).utf8), "\(scalar.unicodeScalars.map(\.value))")
        }
    }
}

/// Plans of texts that JSON has to escape, or that alphabets disagree about.
private enum RandomPlan {
    static let bare = Plan(
        person: "", cluster: "", profile: "",
        environment: Plan.Environment(name: "", title: "", image: "", command: [], port: 0),
        size: Plan.Size(name: "", cpuRequest: "", cpuLimit: "", memoryRequest: "", memoryLimit: "", gpu: 0),
        identity: Plan.PodIdentity(uid: 0, gid: 0, supplementalGroups: [], groupNames: [:]), mounts: [], refusals: [],
        home: "", variables: [:], life: Plan.Life(max: .zero, grace: .zero), nodeSelector: [:])

    static func with(home: String, variables: [String: String]) -> Plan {
        Plan(
            person: bare.person, cluster: bare.cluster, profile: bare.profile, environment: bare.environment,
            size: bare.size, identity: bare.identity, mounts: bare.mounts, refusals: bare.refusals, home: home,
            variables: variables, life: bare.life, nodeSelector: bare.nodeSelector)
    }

    static func full(_ random: inout SplitMix) -> Plan { plan(&random, { _ in false }) }

    static func some(_ random: inout SplitMix) -> Plan { plan(&random) { $0.chance(50) } }

    private static func plan(_ random: inout SplitMix, _ leavesOut: (inout SplitMix) -> Bool) -> Plan {
        func maybe<Value>(_ value: Value, _ random: inout SplitMix) -> Value? { leavesOut(&random) ? nil : value }
        func many<Value>(_ random: inout SplitMix, _ value: (inout SplitMix) -> Value) -> [Value] {
            leavesOut(&random) ? [] : (0..<Int.random(in: 1...4, using: &random)).map { _ in value(&random) }
        }
        func named<Value>(_ random: inout SplitMix, _ value: (inout SplitMix) -> Value) -> [String: Value] {
            Dictionary(many(&random) { (text(&$0), value(&$0)) }) { first, _ in first }
        }
        let sources: [Plan.Source] = [
            .claim(text(&random)), .hostPath(text(&random)), .image(text(&random)),
            .ownClaim(
                Plan.OwnClaim(
                    name: text(&random), fileset: text(&random), storageClass: maybe(text(&random), &random),
                    size: text(&random), modes: many(&random, text))),
            .nfs(Plan.NFSExport(server: text(&random), path: text(&random))),
            .csi(Plan.DriverVolume(driver: text(&random), attributes: named(&random, text))),
        ]
        let mounts = sources.map { source in
            Plan.Mount(
                fileset: text(&random), path: text(&random), isReadOnly: random.chance(50), source: source,
                subPath: maybe(text(&random), &random),
                inner: [.kept, .followed, .readOnly].randomElement(using: &random) ?? .kept,
                revoke: revocation(&random), reliesOnGroups: random.chance(50))
        }
        return Plan(
            person: text(&random), cluster: text(&random), profile: text(&random),
            environment: Plan.Environment(
                name: text(&random), title: text(&random), image: text(&random), command: many(&random, text),
                port: .random(in: 0...(.max), using: &random)),
            size: Plan.Size(
                name: text(&random), cpuRequest: text(&random), cpuLimit: text(&random), memoryRequest: text(&random),
                memoryLimit: text(&random), gpu: .random(in: .min...(.max), using: &random),
                gpuResource: maybe(text(&random), &random)),
            identity: Plan.PodIdentity(
                uid: .random(in: 0...(.max), using: &random), gid: .random(in: 0...(.max), using: &random),
                supplementalGroups: many(&random) { .random(in: 0...(.max), using: &$0) },
                groupNames: named(&random) { .random(in: 0...(.max), using: &$0) }, user: maybe(.image, &random),
                volumeGroup: maybe(.random(in: 0...(.max), using: &random), &random)),
            mounts: mounts.filter { _ in !leavesOut(&random) },
            refusals: many(&random) {
                Refusal(text(&$0), because: text(&$0), remedy: maybe(text(&$0), &$0))
            }, home: text(&random), variables: named(&random, text),
            life: Plan.Life(
                max: time(&random), grace: time(&random), idle: maybe(time(&random), &random),
                warn: maybe(time(&random), &random)),
            nodeSelector: named(&random, text),
            nodes: maybe(
                Plan.Nodes(
                    tolerations: many(&random) {
                        Plan.Toleration(
                            key: maybe(text(&$0), &$0), operator: text(&$0), value: maybe(text(&$0), &$0),
                            effect: maybe(text(&$0), &$0),
                            tolerationSeconds: maybe(.random(in: .min...(.max), using: &$0), &$0))
                    }, priorityClass: maybe(text(&random), &random), runtimeClass: maybe(text(&random), &random),
                    pullSecret: maybe(text(&random), &random)), &random),
            options: maybe(named(&random, text), &random),
            bucket: maybe(
                Plan.Bucket(
                    fileset: text(&random), role: text(&random), endpoint: maybe(text(&random), &random),
                    service: maybe(text(&random), &random), region: maybe(text(&random), &random),
                    revoke: revocation(&random)), &random),
            groups: maybe(many(&random, text), &random))
    }

    private static func revocation(_ random: inout SplitMix) -> Plan.Revocation {
        Plan.Revocation.allCases.randomElement(using: &random) ?? .none
    }

    private static func time(_ random: inout SplitMix) -> Duration {
        Duration(
            secondsComponent: .random(in: -1_000_000_000...1_000_000_000, using: &random),
            attosecondsComponent: random.chance(50) ? 0 : .random(in: 0..<1_000_000_000_000_000_000, using: &random))
    }

    private static let pieces = [
        "a", "b", "B", "Z", "0", "10", "9", "_", "-", ".", "/", "\\", "\"", "\n", "\r", "\t", "\u{8}", "\u{C}", "\0",
        "\u{1F}",
        "\u{7F}", "\u{80}", "é", "e\u{301}", "ß", "ñ", "ｆ", "\u{2028}", "日本", "🚀", "👩‍🔬", " ",
    ]

    private static func text(_ random: inout SplitMix) -> String {
        (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }
}
