internal import OrreryModel

/// Where agents may dial, and by which keys they know whom they find there, as the hub names it.
///
/// What is named no more counts for ten minutes still: a hub that has begun anew names those proxies that have come back
/// to it by then, and no agent shall leave the others for that.
struct AgentPeers {
    /// What an agent is told.
    struct Names: Equatable {
        /// Nil until the hub has named any: an agent then stays with those that it knows.
        var addresses: [String]?
        var pins: [String] = []
    }

    static let memory: UInt64 = 600_000
    /// Most of either kind.
    static let limit = 64
    /// Until when each counts.
    private var addresses: [String: UInt64] = [:]
    private var pins: [String: UInt64] = [:]
    private var hasHeard = false

    /// These are named now, in the place of others.
    mutating func hear(addresses: [String], pins: [String], at now: UInt64) {
        hasHeard = true
        Self.hear(addresses, &self.addresses, now)
        Self.hear(pins, &self.pins, now)
    }

    private static func hear(_ named: [String], _ known: inout [String: UInt64], _ now: UInt64) {
        for (text, end) in known where end == .max { known[text] = now + memory }
        known = known.filter { now < $0.value }
        for text in named.prefix(limit) { known[text] = .max }
    }

    /// All but `own`.
    func others(than own: String?, at now: UInt64) -> Names {
        func current(_ known: [String: UInt64]) -> [String] {
            Array(known.filter { now < $0.value }.keys.sorted().prefix(Self.limit))
        }
        let others = current(addresses).filter { !$0.isExactly(own ?? "") }
        return Names(addresses: hasHeard ? others : nil, pins: current(pins))
    }
}

extension ProxyConfiguration {
    /// Whether agents could dial `text`: a name or an address in numbers, and a port.
    package static func isAgentAddress(_ text: String) -> Bool {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), text.utf8.count <= 260,
            let port = UInt16(text[text.utf8.index(after: colon)...]), port > 0
        else { return false }
        let host = text[..<colon].utf8
        let isPlain = host.allSatisfy { $0 &- 48 < 10 || ($0 | 32) &- 97 < 26 || $0 == 45 || $0 == 46 }
        let isNumbers = host.first == 91 && host.last == 93
        return !host.isEmpty && (isPlain || isNumbers)
    }
}
