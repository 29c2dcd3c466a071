/// How a target is written.
extension Target {
    /// What is wrong with a text that is no target. Its sentence never repeats the text, in which there may be a password.
    package enum Fault: Error, Equatable, CustomStringConvertible {
        case long, badByte, unknownScheme, noSlashes, user, noHost, badHost, noBrackets, badPort
        case badSocket, badCluster, longPath

        package var description: String { "\(problem); write \(Self.kinds)" }

        private static let kinds = "http://host:port, https://host:port, unix:/path or cluster:name/pod:port"

        private var problem: String {
            switch self {
            case .long: "it has more than \(Target.lengthLimit) bytes"
            case .badByte: "it has a blank, a #, or something that is not printable ASCII"
            case .unknownScheme: "it begins with no scheme that is known"
            case .noSlashes: "two slashes must follow its scheme"
            case .user: "it has an @, and no user or password is sent on"
            case .noHost: "it names no host"
            case .badHost: "its host has more than 255 bytes, or one that no host has"
            case .noBrackets: "an IPv6 address stands in brackets"
            case .badPort: "its port is not a number from 1 to 65535"
            case .badSocket: "the path of a socket begins with a slash and has at most 107 bytes"
            case .badCluster: "a cluster's name, a pod and its port must follow the colon"
            case .longPath: "its path and query have more than \(Target.pathLimit) bytes"
            }
        }
    }

    private static let lengthLimit = 2048
    private static let pathLimit = 1024

    /// Nil for what is no target.
    package init?(_ text: String) {
        guard let target = try? Target(reading: text) else { return nil }
        self = target
    }

    /// Throws what is wrong with a text that is no target: every other kind, and a host, port or path that cannot be sent in
    /// a request.
    package init(reading text: String) throws(Fault) {
        guard text.utf8.count <= Self.lengthLimit else { throw .long }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }) else { throw .badByte }
        let (place, rest) = try Self.parts(text)
        guard rest.utf8.count <= Self.pathLimit else { throw .longPath }
        var path = rest.prefix { $0 != "?" }
        let query = rest.dropFirst(path.utf8.count + 1)
        while path.last == "/" { path = path.dropLast() }
        self.init(place: place, path: String(path), query: String(query))
    }

    private static func parts(_ text: String) throws(Fault) -> (Place, Substring) {
        guard let colon = text.firstIndex(of: ":") else { throw .unknownScheme }
        let rest = text[text.index(after: colon)...]
        // RFC 3986 3.1: a scheme has no case.
        let scheme = text[..<colon].lowercased()
        switch scheme {
        case "unix": return (try unixPath(rest), "")
        case "cluster": return try cluster(rest)
        case "http", "https", "http+unix", "unix+http": break
        default: throw .unknownScheme
        }
        guard rest.hasPrefix("//") else { throw .noSlashes }
        let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
        let path = rest.dropFirst(2 + authority.count)
        if scheme.contains("unix") {
            guard let decoded = RouteKey.decode(authority) else { throw .badSocket }
            return (try unixPath(decoded[...]), path)
        }
        let isTLS = scheme == "https"
        let (host, port) = try split(authority, defaultPort: isTLS ? 443 : 80)
        return (isTLS ? .tls(host: host, port: port) : .tcp(host: host, port: port), path)
    }

    /// A path that fits into the kernel's address of a socket.
    private static func unixPath(_ text: Substring) throws(Fault) -> Place {
        guard text.hasPrefix("/"), text.utf8.count <= 107, !text.utf8.contains(0) else { throw .badSocket }
        return .unix(path: String(text))
    }

    private static func cluster(_ text: Substring) throws(Fault) -> (Place, Substring) {
        let name = text.prefix { $0 != "/" }
        let authority = text.dropFirst(name.count + 1).prefix { $0 != "/" && $0 != "?" }
        guard isName(name), authority.contains(":") else { throw .badCluster }
        let (pod, port) = try split(authority, defaultPort: 80)
        guard isName(pod[...]) else { throw .badCluster }
        let rest = text.dropFirst(name.count + 1 + authority.count)
        return (.cluster(name: String(name), pod: pod, port: port), rest)
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._".contains($0)) }
    }

    /// `name:port`, `1.2.3.4`, `[::1]:port`.
    private static func split(_ authority: Substring, defaultPort: UInt16) throws(Fault) -> (String, UInt16) {
        guard !authority.contains("@") else { throw .user }
        var host = authority
        var port = defaultPort
        if let colon = authority.lastIndex(of: ":"), authority.last != "]" {
            port = try number(authority[authority.index(after: colon)...])
            host = authority[..<colon]
        }
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .noBrackets
        }
        guard !host.isEmpty else { throw .noHost }
        guard host.utf8.count <= 255, host.utf8.allSatisfy({ !"?/\\%\"<>^`{|}".utf8.contains($0) }) else {
            throw .badHost
        }
        return (String(host), port)
    }

    private static func number(_ digits: Substring) throws(Fault) -> UInt16 {
        // The number's own reading would take a sign.
        guard digits.utf8.allSatisfy({ $0 &- 48 < 10 }), let number = UInt16(digits), number > 0 else { throw .badPort }
        return number
    }
}
