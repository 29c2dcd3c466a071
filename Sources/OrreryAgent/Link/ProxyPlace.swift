/// A proxy that the agent dials: where it is, which is also who it must be.
package struct ProxyPlace: Hashable, Sendable, CustomStringConvertible {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port`, or `[address]:port`, as a proxy writes its peers. Nil for what is none.
    package init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")),
            let port = UInt16(text[text.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = text[..<colon]
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
        }
        guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(Self.isPlain) else { return nil }
        self.init(host: String(host), port: port)
    }

    package var description: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || "-.:_".utf8.contains(byte)
    }

    package static func == (left: ProxyPlace, right: ProxyPlace) -> Bool {
        left.port == right.port && left.host.utf8.elementsEqual(right.host.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in host.utf8 { hasher.combine(byte) }
        hasher.combine(port)
    }
}
