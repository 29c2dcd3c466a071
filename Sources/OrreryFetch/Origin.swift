/// Scheme, host and port of a URL: enough to say in a message with whom we were speaking.
struct Origin: Hashable {
    let isSecure: Bool
    /// An IPv6 address keeps its brackets.
    let host: String
    let port: UInt16

    var description: String { "\(host):\(port)" }

    /// Nil for anything but an absolute `http` or `https` URL without user information.
    init?(url: String) {
        // Bytes throughout, of which each is a character here: every request comes by.
        let bytes = url.utf8
        guard bytes.allSatisfy({ (0x21...0x7e).contains($0) }), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[colon...].starts(with: "://".utf8)
        else { return nil }
        switch url[..<colon].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let rest = bytes[bytes.index(colon, offsetBy: 3)...]
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        guard !authority.contains(where: "@\\".utf8.contains) else { return nil }
        let bracket = authority.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        guard let end = authority[bracket...].firstIndex(of: UInt8(ascii: ":")) else {
            guard !authority.isEmpty else { return nil }
            (host, port) = (String(Substring(authority)), isSecure ? 443 : 80)
            return
        }
        let digits = Substring(authority[authority.index(after: end)...])
        guard end != authority.startIndex, let number = UInt16(digits) else { return nil }
        (host, port) = (String(Substring(authority[..<end])), number)
    }
}
