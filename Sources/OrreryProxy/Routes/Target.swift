package import OrreryWire

/// Where a route leads, perhaps with a path and a query that are put before every request's:
///
/// * `http://host:port/path`, and `https://host:port/path`, whose certificate must name the host;
/// * `unix:/path/of/socket`, or with a path `http+unix://%2Fpath%2Fof%2Fsocket/path`;
/// * `cluster:name/pod:port/path`, a pod that a connection from its cluster leads to.
package struct Target: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        case tcp(host: String, port: UInt16)
        case tls(host: String, port: UInt16)
        case unix(path: String)
        case cluster(name: String, pod: String, port: UInt16)
    }

    package let place: Place
    /// Without its last slash; empty when there is none.
    package let path: String
    /// What stands before every request's query, without question mark; empty when there is none.
    package let query: String
    /// Whether the resolver is needed to find its address.
    package let isNamed: Bool

    /// Nil for every other kind, and for a host, port or path that cannot be sent in a request.
    package init?(_ text: String) {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }),
            let (place, rest) = Self.parts(text), rest.utf8.count <= 1024
        else { return nil }
        self.place = place
        var trimmed = rest.prefix { $0 != "?" }
        query = String(rest.dropFirst(trimmed.utf8.count + 1))
        while trimmed.last == "/" { trimmed = trimmed.dropLast() }
        self.path = String(trimmed)
        isNamed = Self.isNamed(place)
    }

    private static func parts(_ text: String) -> (Place, Substring)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = text[text.index(after: colon)...]
        // RFC 3986 3.1: a scheme has no case.
        let scheme = text[..<colon].lowercased()
        switch scheme {
        case "unix": return unixPath(rest).map { (.unix(path: $0), "") }
        case "cluster": return cluster(rest)
        case "http", "https", "http+unix", "unix+http": break
        default: return nil
        }
        guard rest.hasPrefix("//") else { return nil }
        let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(2 + authority.count)
        if scheme.contains("unix") {
            return RouteKey.decode(authority).flatMap { unixPath($0[...]) }.map { (.unix(path: $0), path) }
        }
        let isTLS = scheme == "https"
        guard let (host, port) = split(authority, defaultPort: isTLS ? 443 : 80) else { return nil }
        return (isTLS ? .tls(host: host, port: port) : .tcp(host: host, port: port), path)
    }

    /// A path that fits into the kernel's address of a socket: absolute, at most 107 bytes.
    private static func unixPath(_ text: Substring) -> String? {
        text.hasPrefix("/") && text.utf8.count <= 107 && !text.utf8.contains(0) ? String(text) : nil
    }

    private static func cluster(_ text: Substring) -> (Place, Substring)? {
        let name = text.prefix { $0 != "/" }
        let authority = text.dropFirst(name.count + 1).prefix { $0 != "/" && $0 != "?" }
        guard isName(name), authority.contains(":"), let (pod, port) = split(authority, defaultPort: 80),
            isName(pod[...])
        else { return nil }
        return (.cluster(name: String(name), pod: pod, port: port), text.dropFirst(name.count + 1 + authority.count))
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }

    /// `name:port`, `1.2.3.4`, `[::1]:port`.
    private static func split(_ authority: Substring, defaultPort: UInt16) -> (String, UInt16)? {
        var host = authority
        var port = defaultPort
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            let digits = authority[authority.index(after: colon)...]
            // The number's own reading would take a sign.
            guard digits.utf8.allSatisfy({ $0 &- 48 < 10 }), let number = UInt16(digits), number > 0 else {
                return nil
            }
            port = number
            host = authority[..<colon]
        }
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.count <= 255, host.utf8.allSatisfy({ !"@?/\\%\"<>^`{|}".utf8.contains($0) })
        else { return nil }
        return (String(host), port)
    }
}

extension Target {
    /// What a request to it says as its host when the client said none. The port that its scheme has anyway is left out.
    package var authority: String {
        switch place {
        case .tcp(let host, let port): Self.authority(host, port == 80 ? nil : port)
        case .tls(let host, let port): Self.authority(host, port == 443 ? nil : port)
        case .unix: "localhost"
        case .cluster(_, let pod, let port): "\(pod):\(port)"
        }
    }

    private static func authority(_ host: String, _ port: UInt16?) -> String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(name):\($0)" } ?? name
    }

    /// The place in words, for the operator.
    package var name: String {
        switch place {
        case .tcp(let host, let port), .tls(let host, let port): Self.authority(host, port)
        case .unix(let path): "unix:\(path)"
        case .cluster(let name, let pod, let port): "cluster:\(name)/\(pod):\(port)"
        }
    }

    /// What its address does not say; nil for plain TCP.
    var peer: Peer? {
        switch place {
        case .tcp: nil
        case .tls(let host, _): .tls(name: host)
        case .unix(let path): .unix(path: path)
        case .cluster(let name, let pod, let port): .cluster(name: name, pod: pod, port: port)
        }
    }

    /// The host to be looked up, if there is one.
    private var host: (name: String, port: UInt16)? {
        switch place {
        case .tcp(let host, let port), .tls(let host, let port): (host, port)
        case .unix, .cluster: nil
        }
    }

    private static func isNamed(_ place: Place) -> Bool {
        switch place {
        case .tcp(let host, _), .tls(let host, _):
            !host.utf8.contains(UInt8(ascii: ":")) && !host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || $0 &- 48 < 10 }
        case .unix, .cluster: false
        }
    }

    /// Its address as the system finds it now; `.none` for what has none. Nil when the name is not found. Blocks while
    /// it is looked up.
    package func resolve() -> SocketAddress? {
        guard let host else { return SocketAddress.none }
        return SocketAddress.resolve(host.name, port: host.port)
    }

    /// The same without looking anything up: nil for a name. Never blocks.
    static func literalAddress(_ target: Target) -> SocketAddress? { target.isNamed ? nil : target.resolve() }
}
