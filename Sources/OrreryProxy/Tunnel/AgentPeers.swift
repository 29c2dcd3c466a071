internal import Glibc
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

    /// A hub that tells all it knows has named nobody: it may have begun anew and know none yet, so that this is no word that
    /// there are none.
    mutating func hearNothing(at now: UInt64) {
        Self.hear([], &addresses, now)
        Self.hear([], &pins, now)
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
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return false }
        let (host, port) = (text.utf8[..<colon], text.utf8[text.utf8.index(after: colon)...])
        // The number's own reading would take a sign.
        guard port.allSatisfy({ $0 &- 48 < 10 }), UInt16(String(text[port.startIndex...])).map({ $0 > 0 }) ?? false
        else {
            return false
        }
        guard host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") else { return isHostName(host) }
        var address = in6_addr()
        // A string that ends with a zero, and room for what is written.
        return unsafe inet_pton(AF_INET6, String(text[..<colon].dropFirst().dropLast()), &address) == 1
    }

    /// RFC 1123 2.1: labels of letters, digits and hyphens inside them. An IPv4 address is one too.
    private static func isHostName(_ host: Substring.UTF8View) -> Bool {
        guard host.count <= 253 else { return false }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != 45 && label.last != 45
                && label.allSatisfy { $0 &- 48 < 10 || ($0 | 32) &- 97 < 26 || $0 == 45 }
        }
    }
}
