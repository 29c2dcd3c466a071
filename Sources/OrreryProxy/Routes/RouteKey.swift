internal import OrreryWire

/// The prefix of a route in its one form: decoded, with a slash in front and none at the end; `/` alone for the root.
package struct RouteKey: Hashable, Sendable {
    package let text: String

    /// The key that an escaped path of the REST interface names. Nil for a broken escape, for control bytes, and for dot
    /// segments, which no request could ever match.
    package init?(escaped path: some StringProtocol) {
        guard let decoded = Self.decode(path) else { return nil }
        self.init(decoded)
    }

    /// The key of a prefix that is not escaped.
    package init?(_ prefix: String) {
        var text = prefix.hasPrefix("/") ? prefix : "/" + prefix
        if text.count > 1, text.hasSuffix("/") { text.removeLast() }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard text.utf8.count <= 1024, !segments.contains("."), !segments.contains(".."),
            text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 && $0 != UInt8(ascii: "\\") })
        else { return nil }
        self.text = text
    }

    /// How many segments it has: none for `/`.
    package var segments: Int { text == "/" ? 0 : text.utf8.count { $0 == UInt8(ascii: "/") } }

    /// The hub's own pages, which must stay reachable for somebody who has just been logged out.
    package var isHub: Bool { text == "/" || text == "/hub" || text.hasPrefix("/hub/") }

    /// The text without its escapes. Nil when one is broken, or when it is no UTF-8 then.
    static func decode(_ path: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
