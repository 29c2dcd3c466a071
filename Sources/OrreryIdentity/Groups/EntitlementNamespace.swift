/// The namespace within which one issuer may say entitlements: `urn:mace:egi.eu:`. Without it an issuer could say the
/// groups of another one, for who vouches is not compared.
package struct EntitlementNamespace: Hashable, Sendable {
    let parts: [String]

    init(parts: [String]) { self.parts = parts }

    /// Nil unless `text` is `urn:`, a namespace identifier, a namespace and perhaps more below it; a colon or `:group:` at
    /// the end changes nothing.
    package init?(_ text: String) {
        var parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if parts.last == "" { parts.removeLast() }
        if parts.last == "group" { parts.removeLast() }
        guard parts.count >= 3, parts[0] == "urn", !parts.contains(""),
            parts.allSatisfy({ $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"#?{}".utf8.contains($0) } })
        else { return nil }
        self.parts = Array(parts.dropFirst())
    }

    /// Compares whole parts: `urn:mace:egi.eu` does not contain `urn:mace:egi.eu.example.org`.
    func contains(_ entitlement: Entitlement) -> Bool { entitlement.namespace.starts(with: parts) }
}
