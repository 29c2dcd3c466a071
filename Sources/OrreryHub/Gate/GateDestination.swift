/// A page behind the gate, to which a person returns with a ticket: on the hub's own host or one below the site's
/// domain, and nowhere else.
struct GateDestination: Hashable, Sendable {
    /// Scheme, host and port.
    let origin: String
    /// Host and port.
    let authority: String
    let path: ReturnPath

    /// Nil for an address of another site, of another scheme or port, and for one that two readers might take for two
    /// different ones.
    init?(_ text: String?, of site: PublicURL, domain: String?) {
        guard let text, text.utf8.count <= 4096 else { return nil }
        let scheme = site.isSecure ? "https://" : "http://"
        guard text.lowercased().hasPrefix(scheme) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let tail = rest.dropFirst(authority.count)
        // The same check as the site's own address went through: no account, no blank, no escape.
        guard let place = PublicURL(scheme + authority), Self.isOurs(place, site, domain ?? site.host),
            let path = ReturnPath(tail.hasPrefix("/") ? String(tail) : "/" + tail)
        else { return nil }
        origin = place.origin
        self.authority = place.authority
        self.path = path
    }

    private static func isOurs(_ place: PublicURL, _ site: PublicURL, _ domain: String) -> Bool {
        if place == site { return true }
        guard place.port == site.port, place.host.hasSuffix("." + domain) else { return false }
        let labels = place.host.dropLast(domain.count + 1).split(separator: ".", omittingEmptySubsequences: false)
        return labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63 && !label.contains { ":[]".contains($0) }
        }
    }

    /// Where the proxy exchanges the ticket `entry` for a cookie.
    func entrance(with entry: String) -> String {
        "\(origin)/.orrery/enter?" + FormFields.encode([("ticket", entry), ("next", path.text)])
    }
}
