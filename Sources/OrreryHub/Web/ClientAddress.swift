import HTTPTypes
import Hummingbird

/// Where a request comes from, as far as limits need to tell places apart: the last address of `X-Forwarded-For`, which the
/// proxy in front of us wrote, or that of the connection. Of an IPv6 address the first 64 bits: whoever has one has all
/// behind them.
struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ request: Request, _ context: HubContext) {
        let forwarded = request.headers[values: .forwardedFor].last?.split(separator: ",").last
        let written = forwarded.map { $0.trimmingPrefix { $0 == " " } }.map(String.init)
        self.init(written.flatMap { $0.utf8.count <= 45 ? $0 : nil } ?? context.peer)
    }

    init(_ text: String) { description = text.contains(":") ? Self.network(of: text) : text }

    private static func network(of text: String) -> String {
        guard let gap = text.firstRange(of: "::") else {
            return text.split(separator: ":").prefix(4).joined(separator: ":") + "::/64"
        }
        let left = text[..<gap.lowerBound].split(separator: ":")
        let right = text[gap.upperBound...].split(separator: ":")
        let zeros = max(0, 8 - left.count - right.count)
        let groups = left + Array(repeating: "0", count: zeros) + right
        return groups.prefix(4).joined(separator: ":") + "::/64"
    }
}
