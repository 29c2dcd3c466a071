/// The address at which people reach this site: scheme, host and port, without a path.
package struct PublicURL: Hashable, Sendable {
    /// `https://hub.example.org`, as a browser writes an `Origin`: lower case, no default port, no slash at the end.
    package let origin: String

    /// Nil for anything but `http` or `https`, a host, and perhaps a port and one slash.
    package init?(_ text: String) {
        let lower = text.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return nil }
        var authority = lower.dropFirst(scheme.count)
        if authority.hasSuffix("/") { authority.removeLast() }
        let isHostOrPort: (Character) -> Bool = { $0.isASCII && ($0.isLetter || $0.isNumber || ".-:[]_".contains($0)) }
        guard !authority.isEmpty, authority.allSatisfy(isHostOrPort) else { return nil }
        let standard = scheme == "https://" ? ":443" : ":80"
        if authority.hasSuffix(standard) { authority = authority.dropLast(standard.count) }
        origin = scheme + authority
    }

    package var isSecure: Bool { origin.hasPrefix("https://") }

    /// Host and port, as they are in `origin`.
    var authority: String { String(origin.dropFirst(isSecure ? 8 : 7)) }
    var host: String { String(authority.dropLast(port.utf8.count)) }
    /// With its colon; empty for the scheme's own.
    var port: String {
        guard let colon = authority.lastIndex(of: ":"), authority[colon...].dropFirst().allSatisfy(\.isNumber) else {
            return ""
        }
        return String(authority[colon...])
    }
}

extension PublicURL: CustomStringConvertible {
    package var description: String { origin }
}
