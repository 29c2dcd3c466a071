import OrreryModel

/// The groups that a claim says, as the issuer spells them.
enum ClaimedGroups {
    /// Most groups that one person may bring.
    static let limit = 1000

    /// Throws the broken rule as a clause for the log. A missing claim, or null, says no groups.
    static func read(_ claim: JSON?, kind: IssuerConfiguration.GroupsKind) throws(ClaimOffence) -> [String] {
        let values = try texts(of: claim, kind: kind)
        guard values.count <= limit else { throw ClaimOffence("more than \(limit) groups") }
        // Profile 1.3: one name that is none voids the token, for nobody knows what else its maker mistook.
        if kind == .wlcg, let wrong = values.first(where: { !isWLCG($0) }) {
            throw ClaimOffence("a group of \(wrong.utf8.count) bytes that is not spelt as the WLCG profile has it")
        }
        return values
    }

    private static func texts(
        of claim: JSON?, kind: IssuerConfiguration.GroupsKind
    ) throws(ClaimOffence) -> [String] {
        switch claim {
        case nil, .null: return []
        case .array(let elements):
            let texts = elements.compactMap(\.string)
            guard texts.count == elements.count else { throw ClaimOffence("a group that is not a text") }
            return texts
        case .string(let text) where kind == .list: return text.isEmpty ? [] : [text]
        case .string(let text): return text.split(separator: ",").map(String.init)
        default: throw ClaimOffence("groups that are neither a list nor a text")
        }
    }

    /// `('/' [a-zA-Z0-9][a-zA-Z0-9_.-]*)+`
    private static func isWLCG(_ group: String) -> Bool {
        let parts = Array(group.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count > 1 && parts[0].isEmpty && parts.dropFirst().allSatisfy(GroupPattern.isName)
    }
}

/// A claim that breaks a rule: a clause for the log that quotes nothing of the claim.
struct ClaimOffence: Error, Hashable {
    let message: String

    init(_ message: String) { self.message = message }
}
