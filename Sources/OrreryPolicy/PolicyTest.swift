import Foundation
import OrreryDocument
import OrreryModel

/// One entry of `tests:` in `filesets.yaml`: what somebody sees on a cluster, and what not.
///
///     - {who: {groups: [science]}, on: north, sees: {/home/ann: rw}, not: [/scratch]}
///
/// The person is called `ann` unless `who.name` says otherwise. `not` means the path and everything below it. What is
/// delivered as s3 is called `s3:NAME` here. Without
/// `at`, the entry has to hold at every moment, so that no passing of time can break a policy that was good.
struct PolicyTest {
    private let node: DocumentNode
    private let person: Person
    let cluster: String
    private let moments: [Date]
    private let sees: [(path: DocumentNode, key: String, mode: String)]
    private let hidden: [(node: DocumentNode, path: String)]

    init(_ node: DocumentNode, _ policy: Policy, groups: GroupNames) throws(DocumentError) {
        let keys = try node.mapping(["who", "on", "at", "sees", "not"])
        self.node = node
        person = try Self.person(try keys.required("who"), groups: groups)
        cluster = try keys.required("on").name(among: policy.bindings.keys.sorted(), kind: "cluster")
        moments = try keys["at"].map { node throws(DocumentError) in [try node.instant()] } ?? policy.moments
        var sees: [(DocumentNode, String, String)] = []
        for (path, mode) in try keys["sees"]?.entries() ?? [] {
            sees.append((mode, path, try mode.name(among: ["ro", "rw"], kind: "mode")))
        }
        var hidden: [(DocumentNode, String)] = []
        for path in try keys["not"]?.list() ?? [] { hidden.append((path, try Self.hidden(path, policy))) }
        guard !sees.isEmpty || !hidden.isEmpty else { throw node.error("a test needs `sees` or `not`") }
        self.sees = sees
        self.hidden = hidden
    }

    /// A path that can be one of a mount, or a bucket that there is: an entry that names neither would hold whatever happens.
    private static func hidden(_ node: DocumentNode, _ policy: Policy) throws(DocumentError) -> String {
        let text = try node.string()
        if text.hasPrefix("s3:") {
            let buckets = policy.filesets.values.filter { $0.at == nil }.map { "s3:\($0.name)" }
            return try node.name(among: buckets.sorted(), kind: "bucket")
        }
        guard try PathTemplate(node, absolute: true).holes.isEmpty else {
            throw node.error("the path `\(text)` is that of a person, as `/home/ann`, and has no holes")
        }
        return text
    }

    private static func person(_ node: DocumentNode, groups: GroupNames) throws(DocumentError) -> Person {
        let keys = try node.mapping(["name", "groups"])
        var names: Set<String> = []
        for element in try keys["groups"]?.list() ?? [] { names.insert(try groups.group(element)) }
        return Person(
            identity: Identity(issuer: "test", subject: "test"), name: try keys["name"]?.string() ?? "ann", uid: 1000,
            gid: 1000, groups: Set(names.map { Group(name: $0) }))
    }

    private static func lies(_ path: String, in tree: String) -> Bool {
        path.utf8.elementsEqual(tree.utf8) || path.hasPrefix(tree == "/" ? "/" : "\(tree)/")
    }

    /// Throws the first thing that is not as the entry says.
    func run(on policy: Policy) throws(DocumentError) {
        for moment in moments {
            let decision = policy.mounts(for: person, on: cluster, at: moment)
            var seen = Dictionary(decision.mounts.map { ($0.path, $0.isReadOnly ? "ro" : "rw") }) { first, _ in first }
            if let bucket = decision.bucket { seen["s3:\(bucket.fileset)"] = "rw" }
            let when = moment == .distantPast ? "" : " at \(moment.formatted(.iso8601))"
            for (place, path, mode) in sees where seen[path] != mode {
                let reason = seen[path].map { "sees it \($0)" } ?? "does not see it"
                throw place.error("\(person.name) should see \(path) \(mode) on \(cluster), but \(reason)\(when)")
            }
            for (place, path) in hidden {
                guard let found = seen.keys.sorted().first(where: { Self.lies($0, in: path) }) else {
                    continue
                }
                throw place.error("\(person.name) should not see \(path) on \(cluster), but sees \(found)\(when)")
            }
        }
    }
}

extension Policy {
    /// One moment in each span between the dates that grants name, the first before all of them.
    fileprivate var moments: [Date] {
        let dates = filesets.values.flatMap(\.grants).flatMap { [$0.from, $0.until].compactMap { $0 } }
        return [.distantPast] + Set(dates).sorted()
    }
}
