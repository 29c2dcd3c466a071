/// How an issuer says groups, and with it what one group says about another.
package enum GroupsKind: Hashable, Sendable {
    /// A list of texts, or one text that is one group. Any text is a group; they compare whole.
    case list
    /// A list of texts, or one text with commas between the groups; they compare whole.
    case commas
    /// A list of groups as the WLCG profile spells them: `/wlcg/analysis`. One that is not voids the login. They compare
    /// whole: who is in `/cms/uscms` is not thereby in `/cms`.
    case wlcg
    /// Entitlements of AARC-G002 and G069, within the issuer's own namespace. Who is in `…:a:b` is in `…:a`.
    /// Values that are no such entitlements are passed over: an issuer says many other things in the same claim.
    case aarc(EntitlementNamespace)
    /// Teams of a GitHub-like service: `organisation/team`, and `#` with the team's number, which outlives a new name.
    case teams

    /// What stands in the hole of `pattern` when `value` opens it, the empty text when it has no hole, nil when it does
    /// not.
    func match(_ value: String, _ pattern: String) -> String? {
        guard case .aarc(let namespace) = self else { return GroupPattern(pattern)?.match(value) }
        guard let value = Entitlement(value), namespace.contains(value), let pattern = Entitlement(pattern) else {
            return nil
        }
        return value.filling(pattern)
    }

    /// Why no value of this kind could ever open `pattern`, as a clause for its author; nil when one could.
    func problem(with pattern: String) -> String? {
        // A name in the place of the hole: what is left is then a group, or none.
        let example = GroupPattern(pattern)?.filled(with: "x") ?? pattern
        switch self {
        case .list, .commas: return nil
        case .wlcg:
            return ClaimedGroups.isWLCG(example)
                ? nil : "a group of the WLCG profile begins with a slash, such as /wlcg/analysis"
        case .aarc(let namespace):
            guard let entitlement = Entitlement(example) else {
                return "an entitlement such as urn:mace:egi.eu:group:vo.example.org:role=member is wanted here"
            }
            return namespace.contains(entitlement)
                ? nil : "it is outside the namespace for which this issuer may speak"
        case .teams:
            return Self.isTeam(example) ? nil : "a team is written organisation/team or # and its number"
        }
    }

    private static func isTeam(_ text: String) -> Bool {
        if text.hasPrefix("#") { return UInt64(text.dropFirst()) != nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts.contains("")
    }
}
