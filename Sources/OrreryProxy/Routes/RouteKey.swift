internal import OrreryWire

/// The prefix of a route in its one form: decoded, with a slash in front and none at the end; `/` alone for the root.
///
/// Two keys are one when their bytes are: to requests, which are bytes, `é` in one character is not `é` in two.
package struct RouteKey: Sendable {
    package let text: String

    /// The key that an escaped path of the REST interface names. Nil for a broken escape, and for what no request could
    /// ever match: dot segments, backslashes, semicolons and control bytes.
    package init?(escaped path: some StringProtocol) {
        guard let decoded = Self.decode(path) else { return nil }
        self.init(decoded)
    }

    /// The key of a prefix that is not escaped.
    package init?(_ prefix: String) {
        var text = prefix.utf8.first == UInt8(ascii: "/") ? prefix : "/" + prefix
        while text.utf8.count > 1, text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        guard text.utf8.count <= 1024, Self.canMatch(text.utf8) else { return nil }
        self.text = text
    }

    /// Whether a request could have this prefix.
    private static func canMatch(_ text: String.UTF8View) -> Bool {
        var (length, dots) = (0, 0)
        for byte in text {
            switch byte {
            case 0..<32, 127, UInt8(ascii: "\\"), UInt8(ascii: ";"): return false
            case UInt8(ascii: "/"):
                if length == dots, dots == 1 || dots == 2 { return false }
                (length, dots) = (0, 0)
            default:
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return !(length == dots && (dots == 1 || dots == 2))
    }

    /// How many segments it has: none for `/`.
    package var segments: Int { text == "/" ? 0 : text.utf8.count { $0 == UInt8(ascii: "/") } }

    /// The hub's own pages, which must stay reachable for somebody who has just been logged out.
    func isHub(byHost: Bool) -> Bool {
        let path = byHost ? "/" + (text.split(separator: "/", maxSplits: 1).dropFirst().first ?? "") : text
        return text == "/" || path == "/hub" || path.hasPrefix("/hub/")
    }

    /// The host that the key is for where routes are by host; nil for `/`, which is for all.
    var host: Substring? { text == "/" ? nil : text.dropFirst().prefix { $0 != "/" } }

    /// The same key with its host in lower case.
    var withLowercaseHost: RouteKey {
        guard let host, host.contains(where: \.isUppercase) else { return self }
        return RouteKey(text: "/" + host.lowercased() + text.dropFirst(host.utf8.count + 1))
    }

    private init(text: String) { self.text = text }

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

extension RouteKey: Hashable {
    package static func == (left: RouteKey, right: RouteKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
