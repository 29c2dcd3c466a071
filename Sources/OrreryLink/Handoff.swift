internal import OrreryModel

/// What the proxy says when it gives a data connection its purpose: where it leads, and how to find it in the logs. The
/// first bytes of the request follow at once.
package struct Handoff: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        /// A port of a pod, by its uid.
        case pod(uid: String, port: UInt16)
        /// The cluster's API, by the site's policy.
        case api
    }

    package let target: Target
    package let trace: String

    private static let version: UInt8 = 1
    private static let targetLimit = 264
    private static let traceLimit = 64

    /// A trace that cannot be sent is left out.
    package init(_ target: Target, trace: String = "") {
        self.target = target
        self.trace = Self.isTrace(trace.utf8) ? trace : ""
    }

    package func encode() -> [UInt8] {
        [Self.version] + Self.sized(target.text) + Self.sized(trace)
    }

    /// The hand-off at the beginning of `bytes`, and how many they are; nil when it is not whole yet. Refuses as soon as
    /// the bytes cannot become one.
    package static func read(_ bytes: some Collection<UInt8>) throws(LinkError) -> (handoff: Handoff, count: Int)? {
        guard let first = bytes.first else { return nil }
        guard first == version else { throw .handoff("has version \(first), not \(version)") }
        let rest = bytes.dropFirst()
        guard let target = try sized(rest, limit: targetLimit, "target") else { return nil }
        guard let place = Target(String(decoding: target, as: UTF8.self)) else {
            throw .handoff("has a target that is neither p/<pod uid>/<port> nor k")
        }
        guard let trace = try sized(rest.dropFirst(2 + target.count), limit: traceLimit, "trace") else { return nil }
        guard isTrace(trace) else { throw .handoff("has a trace that is not A-Z, a-z, 0-9, _ and -") }
        let handoff = Handoff(place, trace: String(decoding: trace, as: UTF8.self))
        return (handoff, 5 + target.count + trace.count)
    }

    private static func sized(_ text: String) -> [UInt8] {
        [UInt8(truncatingIfNeeded: text.utf8.count >> 8), UInt8(truncatingIfNeeded: text.utf8.count)] + Array(text.utf8)
    }

    private static func sized(
        _ bytes: some Collection<UInt8>, limit: Int, _ name: String
    ) throws(LinkError) -> [UInt8]? {
        guard bytes.count >= 2 else { return nil }
        let count = bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) }
        guard count <= limit else { throw .handoff("has a \(name) of \(count) bytes") }
        let text = bytes.dropFirst(2).prefix(count)
        return text.count == count ? Array(text) : nil
    }

    private static func isTrace(_ bytes: some Collection<UInt8>) -> Bool {
        bytes.count <= traceLimit && bytes.allSatisfy { $0.isLetterOrDigit || $0 == 45 || $0 == 95 }
    }
}

extension Handoff.Target {
    /// As it is written in a hand-off.
    package var text: String {
        switch self {
        case .pod(let uid, let port): "p/\(uid)/\(port)"
        case .api: "k"
        }
    }

    /// Nil for what is none. A uid has at most 253 of `A-Za-z0-9._-`, a port no sign and no zero in front.
    package init?(_ text: String) {
        if text.isExactly("k") {
            self = .api
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isExactly("p"), !parts[1].isEmpty, parts[1].utf8.count <= 253,
            parts[1].utf8.allSatisfy({ $0.isLetterOrDigit || $0 == 45 || $0 == 46 || $0 == 95 }),
            let port = UInt16(parts[2]), port > 0, "\(port)".isExactly(parts[2])
        else { return nil }
        self = .pod(uid: String(parts[1]), port: port)
    }
}
