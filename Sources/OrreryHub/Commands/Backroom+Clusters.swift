import Foundation
import OrreryLink
package import OrreryModel
import OrreryStore

// What `orrery clusters` does: in the database, which a running hub looks at twice a second.
extension Backroom {
    private var desk: ClusterDesk {
        ClusterDesk(store: database, audit: audit, configuration: configuration, now: { .now })
    }

    /// Every cluster in a line or two, then those that ask to join.
    package func clusterLines() async throws -> [String] {
        let records = try await database.clusters()
        var lines = records.map { record in
            let health = record.health.map { ", \($0)" } ?? ""
            return "\(record.name)  \(record.chips(configuration.written).joined(separator: ", "))\(health)"
        }
        for join in try await database.joins(at: .now) {
            let wish = join.hello["name"]?.string ?? "without a name"
            lines.append(
                "\(join.key.prefix(16))…  \(join.state == .waiting ? "asks to join" : "denied") (\(wish), from "
                    + "\(join.address), kube-system \(join.hello["uid"]?.string ?? "unknown")): \(join.reason)")
        }
        return lines.map(\.onOneLine)
    }

    /// All that is known of one.
    package func clusterLines(of name: String) async throws -> [String] {
        let record = try await desk.cluster(name)
        var lines = ["\(record.name): \(record.title)"]
        for view in record.views(configuration.written) {
            lines.append("\(view.name): \(view.value)  by \(view.actor), \(view.at.exact): \(view.reason)")
        }
        lines += record.facts.map { "\($0.name): \($0.value)\($0.at.map { " \($0.exact)" } ?? "")" }
        if let health = record.health { lines.append("Health: \(health)") }
        return lines.map(\.onOneLine)
    }

    /// A join string with a new token. Nobody can read the token again.
    package func invite(_ wish: InviteWish, pins: [String]) async throws -> String {
        try await desk.joinString(wish, pins: pins, by: .operator).reveal()
    }

    /// A join string without a token, for clusters that are claimed, or let in by what they are.
    package func address(pins: [String]) async throws -> String { try await desk.address(pins: pins).reveal() }

    /// Lets in what waits with the key that begins with `start`; gives the name that it got.
    package func approveCluster(
        _ start: String, name: String?, owner: String?, trust: String?, data: DataCeiling?, because reason: String
    ) async throws -> String {
        let approval = ClusterDesk.Approval(
            name: name, owner: owner, trust: trust.flatMap(ClusterTrust.init(word:)), ceiling: data)
        return try await desk.approve(start, approval, by: .operator, because: reason).name
    }

    package func denyCluster(_ start: String, because reason: String) async throws {
        try await desk.deny(start, by: .operator, because: reason)
    }

    package func adoptCluster(_ start: String, into name: String, because reason: String) async throws {
        _ = try await desk.adopt(start, into: name, by: .operator, because: reason)
    }

    /// Carries out `orders`, all or none; a running hub follows within a second.
    package func order(_ orders: [ClusterOrder], of cluster: String, because reason: String) async throws {
        try await desk.order(orders, of: cluster, by: .operator, because: reason)
    }

    /// Members that today's rules would not let in, a line each.
    package func clusterAudit() async throws -> [String] {
        let admission = configuration.admission
        return try await database.clusters().compactMap { record in
            guard record.isConnectable else { return nil }
            guard let evidence = JoinEvidence(record.admission.evidence) else {
                return "\(record.name)  what it showed when it joined cannot be read"
            }
            guard !admission.wouldAdmit(evidence, at: record.admission.at) else { return nil }
            let by = record.admission.by.map { ", by \($0)" } ?? ""
            return
                "\(record.name)  let in \(Moment(record.admission.at).text) by the rule \(record.admission.rule)\(by); "
                + "today's rules would not"
        }
    }
}
