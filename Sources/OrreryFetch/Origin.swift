/// Scheme, host and port of a URL: enough to say in a message with whom we were speaking.
struct Origin: Hashable {
    let isSecure: Bool
    /// An IPv6 address keeps its brackets.
    let host: String
    let port: UInt16

    var description: String { "\(host):\(port)" }

    /// Nil for anything but an absolute `http` or `https` URL without user information.
    init?(url: String) {
        guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), let scheme = url.firstRange(of: "://") else {
            return nil
        }
        switch url[..<scheme.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@"), !authority.contains("\\") else { return nil }
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[bracket...].firstIndex(of: ":") else {
            guard !authority.isEmpty else { return nil }
            (host, port) = (String(authority), isSecure ? 443 : 80)
            return
        }
        guard colon != authority.startIndex, let number = UInt16(authority[authority.index(after: colon)...]) else {
            return nil
        }
        (host, port) = (String(authority[..<colon]), number)
    }
}
