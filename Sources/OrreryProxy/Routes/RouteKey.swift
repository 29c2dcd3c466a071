internal import OrreryWire

/// The prefix of a route in its one form: decoded, with a slash in front and none at the end; `/` alone for the root.
///
/// Two keys are one when their bytes are: to requests, which are bytes, `é` in one character is not `é` in two.
package struct RouteKey: Sendable {
    package let text: String

    /// Why a prefix cannot be that of a route, as whoever sent it is told.
    package enum Fault: Error, Equatable, CustomStringConvertible {
        case badEscape, long, emptySegment, dotSegment, badByte
        case ours(String)

        package var description: String {
            switch self {
            case .badEscape: "The path cannot be a route: it has a broken escape, or is no UTF-8"
            case .long: "The path cannot be a route: it has more than \(RouteKey.lengthLimit) bytes"
            case .emptySegment: "The path cannot be a route: no request with two slashes in a row gets to one"
            case .dotSegment: "The path cannot be a route: no request with a segment . or .. gets to one"
            case .badByte: "The path cannot be a route: it has a backslash, a semicolon or a control byte"
            case .ours(let path): "The path cannot be a route: the proxy answers \(path) itself"
            }
        }
    }

    private static let lengthLimit = 1024
    /// What is answered here, whatever the routes are.
    private static let ours = ["/_chp_healthz", "/.orrery/enter"]

    /// The key that an escaped path of the REST interface names. Nil for a broken escape, and for what no request could
    /// ever match.
    package init?(escaped path: some StringProtocol) {
        guard let key = try? RouteKey(readingEscaped: path) else { return nil }
        self = key
    }

    /// The same, throwing why it cannot be.
    package init(readingEscaped path: some StringProtocol) throws(Fault) {
        guard let decoded = Self.decode(path) else { throw .badEscape }
        try self.init(reading: decoded)
    }

    /// The key of a prefix that is not escaped.
    package init?(_ prefix: String) {
        guard let key = try? RouteKey(reading: prefix) else { return nil }
        self = key
    }

    /// The same, throwing why it cannot be.
    package init(reading prefix: String) throws(Fault) {
        var text = prefix.utf8.first == UInt8(ascii: "/") ? prefix : "/" + prefix
        while text.utf8.count > 1, text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        guard text.utf8.count <= Self.lengthLimit else { throw .long }
        if let fault = Self.fault(text.utf8) { throw fault }
        self.text = text
    }

    /// Why no request could have this prefix.
    private static func fault(_ text: String.UTF8View) -> Fault? {
        // The root alone has a segment of nothing.
        guard text.count > 1 else { return nil }
        var (length, dots) = (0, 0)
        for byte in text.dropFirst() {
            switch byte {
            case 0..<32, 127, UInt8(ascii: "\\"), UInt8(ascii: ";"): return .badByte
            case UInt8(ascii: "/"):
                if let fault = segmentFault(length, dots) { return fault }
                (length, dots) = (0, 0)
            default:
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        return segmentFault(length, dots)
    }

    private static func segmentFault(_ length: Int, _ dots: Int) -> Fault? {
        guard length > 0 else { return .emptySegment }
        return length == dots && dots < 3 ? .dotSegment : nil
    }

    /// Throws when requests for just this key are not routed at all. `byHost`: the key begins with a host.
    func checkIsRouted(byHost: Bool) throws(Fault) {
        let path = byHost ? text.dropFirst(1 + (host ?? "").utf8.count) : text[...]
        if let path = Self.ours.first(where: { $0 == path }) { throw .ours(path) }
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
