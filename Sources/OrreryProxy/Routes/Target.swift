package import OrreryWire

/// Where a route leads: `http://host:port`, perhaps with a path that is put before every request's.
package struct Target: Hashable, Sendable {
    package let host: String
    package let port: UInt16
    /// Without its last slash; empty when there is none.
    package let path: String

    /// Nil for everything else than `http`, and for a host, port or path that cannot be sent in a request.
    package init?(_ text: String) {
        guard text.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(7)
        let authority = rest.prefix { $0 != "/" }
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path = path.dropLast() }
        guard let (host, port) = Self.split(authority), path.utf8.count <= 1024,
            text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else { return nil }
        self.host = host
        self.port = port
        self.path = String(path)
    }

    /// `name:port`, `1.2.3.4`, `[::1]:port`; the port is 80 when it is not given.
    private static func split(_ authority: Substring) -> (String, UInt16)? {
        var host = authority
        var port: UInt16 = 80
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
            port = number
            host = authority[..<colon]
        }
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.count <= 255, !host.contains("@") else { return nil }
        return (String(host), port)
    }

    /// What a request to it says as its host when the client said none.
    package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Whether the resolver is needed to find its address.
    package var isNamed: Bool {
        !host.contains(":") && !host.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
    }

    /// Its address as the system finds it now. Blocks while a name is looked up.
    package func resolve() -> SocketAddress? { SocketAddress.resolve(host, port: port) }
}
