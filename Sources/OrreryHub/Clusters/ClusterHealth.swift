import Foundation
import OrreryModel
import OrrerySpawn
import OrreryStore

/// How a cluster does, and why in words. Derived from what the hub sees; nobody sets it.
struct ClusterHealth: Hashable, Sendable {
    let state: State
    /// Sentences without a full stop; empty when all is well.
    let reasons: [String]

    enum State: String, Sendable, CaseIterable { case ready, degraded, unreachable, neverSeen = "never-seen" }

    init(
        _ condition: ClusterCondition, of record: ClusterRecord, links: [AgentLinks.Link],
        clockOffset: TimeInterval? = nil
    ) {
        var reasons: [String] = []
        var state: State
        switch condition {
        case .ready: state = .ready
        case .degraded(let why): (state, reasons) = (.degraded, [why])
        case .unreachable(let since, let why):
            (state, reasons) = (.unreachable, ["unreachable since \(Moment(since).text): \(why)"])
        case .neverSeen: (state, reasons) = (.neverSeen, ["it has not answered since the hub started"])
        }
        let complaints = Self.complaints(record, links) + [Self.complaint(clockOffset: clockOffset)].compactMap(\.self)
        if !complaints.isEmpty, state == .ready { state = .degraded }
        self.state = state
        self.reasons = reasons + complaints
    }

    /// Tokens, events and ages of one of two clocks that differ look wrong to the other. In minutes, so that it is not news
    /// with every answer.
    static func complaint(clockOffset: TimeInterval?) -> String? {
        guard let clockOffset, abs(clockOffset) > 60 else { return nil }
        let minutes = Int((min(abs(clockOffset), 1e12) / 60).rounded())
        return "the clock of its API server is \(minutes) min \(clockOffset > 0 ? "ahead of" : "behind") the hub's"
    }

    private static func complaints(_ record: ClusterRecord, _ links: [AgentLinks.Link]) -> [String] {
        var reasons: [String] = []
        if let quarantine = record.facets.quarantine { reasons.append("in quarantine: \(quarantine.value)") }
        guard record.kind == .agent else { return reasons }
        if record.isPaused {
            reasons.append(record.inventory?["policy"]?["notice"]?.string?.withoutFullStop ?? "the site has paused it")
        }
        if let skew = links.compactMap(\.skew).max(by: { abs($0) < abs($1) }) {
            let way = skew > 0 ? "ahead of" : "behind"
            reasons.append("its agent's clock is \(Int(min(abs(skew), 1e12))) s \(way) the proxy's")
        }
        return reasons
    }

    /// For one line: the state, and the reasons behind it.
    var words: String { ([state.rawValue] + reasons).joined(separator: "; ") }
}

extension ClusterRecord {
    /// Whether the site takes nothing for the time being.
    var isPaused: Bool { inventory?["policy"]?["paused"]?.bool ?? false }
}
