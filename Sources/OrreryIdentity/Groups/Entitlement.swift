import OrreryModel

/// A group entitlement as AARC-G002 and AARC-G069 spell it:
/// `urn:<NID>:<namespace>[:<subnamespace>…]:group:<group>[:<subgroup>…][:role=<role>][#<authority>]`.
///
/// Percent-encodings are kept, in upper case (G069): decoding them, as G002's readers do, would let `a%3Arole=admin` say a
/// role that nobody gave. The first `group` behind the namespace ends it, whatever groups are called. Who vouches (`#…`)
/// is not compared; that an issuer speaks for its own namespace only is `GroupsKind`'s business.
struct Entitlement: Hashable {
    /// Namespace identifier, namespace and what is below it, in lower case: `mace`, `egi.eu`.
    let namespace: [String]
    /// From the outermost group to the innermost; at least one.
    let groups: [String]
    /// The role in the innermost group.
    let role: String?

    /// Nil for everything else, such as a capability (`…:res:…`) or an entitlement of before these documents.
    init?(_ text: String) {
        let (urn, authority) = Self.split(text)
        guard authority != "", urn.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let parts = urn.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 5, parts[0].lowercased() == "urn", !parts.contains(""),
            let border = parts[3...].firstIndex(of: "group")
        else { return nil }
        let namespace = parts[1..<border].map { $0.lowercased() }
        let rest = parts[(border + 1)...]
        let end = rest.firstIndex { $0.hasPrefix("role=") } ?? rest.endIndex
        guard !namespace.contains(where: { $0.contains("?") }), end > rest.startIndex,
            let groups = Self.normalised(rest[..<end])
        else { return nil }
        self.namespace = namespace
        self.groups = groups
        guard end < rest.endIndex else {
            role = nil
            return
        }
        let said = rest[end...].joined(separator: ":").dropFirst("role=".count)
        guard !said.isEmpty, let role = Self.normalised([String(said)])?.first else { return nil }
        self.role = role
    }

    /// What stands in the hole of `wanted` when this entitlement satisfies it; the empty text when it has no hole. Nil
    /// when it does not satisfy it.
    ///
    /// A member of a subgroup is a member of the groups around it; a role says membership; but a role in a subgroup is not that
    /// role in the group around it.
    func filling(_ wanted: Entitlement) -> String? {
        guard namespace.elementsEqual(wanted.namespace, by: { $0.isExactly($1) }), groups.count >= wanted.groups.count
        else { return nil }
        var pairs = Array(zip(wanted.groups, groups))
        if let wantedRole = wanted.role {
            guard let role, groups.count == wanted.groups.count else { return nil }
            pairs.append((wantedRole, role))
        }
        var filled = ""
        for (pattern, value) in pairs {
            guard let name = GroupPattern(pattern)?.match(value) else { return nil }
            filled += name
        }
        return filled
    }

    private static func split(_ text: String) -> (urn: Substring, authority: Substring?) {
        guard let mark = text.firstIndex(of: "#") else { return (text[...], nil) }
        return (text[..<mark], text[text.index(after: mark)...])
    }

    /// Percent-encodings in upper case (RFC 3986 6.2.2.1); nil where a percent sign begins none.
    private static func normalised(_ parts: some Sequence<String>) -> [String]? {
        var texts: [String] = []
        for part in parts {
            let pieces = part.split(separator: "%", omittingEmptySubsequences: false)
            var text = String(pieces[0])
            for piece in pieces.dropFirst() {
                guard piece.utf8.prefix(2).count == 2, piece.utf8.prefix(2).allSatisfy(isHexadecimal) else {
                    return nil
                }
                text += "%" + piece.prefix(2).uppercased() + piece.dropFirst(2)
            }
            texts.append(text)
        }
        return texts
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
