import OrreryModel

/// The groups that a claim says, as the issuer spells them.
struct ClaimedGroups: Hashable {
    let values: [String]
    /// How many values of the claim were passed over because they are no groups of this issuer.
    let ignored: Int

    /// Most groups that one person may bring.
    static let limit = 1000

    init(_ values: [String], ignored: Int = 0) {
        self.values = values
        self.ignored = ignored
    }

    /// Throws the broken rule as a clause for the log. A missing claim, or null, says no groups.
    static func read(_ claim: JSON?, kind: GroupsKind) throws(ClaimOffence) -> ClaimedGroups {
        let values = try texts(of: claim, kind: kind)
        guard values.count <= limit else { throw ClaimOffence("more than \(limit) groups") }
        switch kind {
        case .list, .commas, .teams: return ClaimedGroups(values)
        case .wlcg:
            // Profile 1.3: one name that is none voids the token, for nobody knows what else its maker mistook.
            if let wrong = values.first(where: { !isWLCG($0) }) {
                throw ClaimOffence("a group of \(wrong.utf8.count) bytes that is not spelt as the WLCG profile has it")
            }
            return ClaimedGroups(values)
        case .aarc(let namespace):
            let own = values.filter { Entitlement($0).map(namespace.contains) ?? false }
            return ClaimedGroups(own, ignored: values.count - own.count)
        }
    }

    private static func texts(of claim: JSON?, kind: GroupsKind) throws(ClaimOffence) -> [String] {
        switch claim {
        case nil, .null: return []
        case .array(let elements):
            let texts = elements.compactMap(\.string)
            guard texts.count == elements.count else { throw ClaimOffence("a group that is not a text") }
            return texts
        case .string(let text) where kind == .commas: return text.split(separator: ",").map(String.init)
        // The WLCG profile knows a list only: a text would be one group to one reader and several to the next.
        case .string(let text) where kind != .wlcg: return text.isEmpty ? [] : [text]
        default: throw ClaimOffence("groups that are neither a list nor what this kind of claim may be instead")
        }
    }

    /// `('/' [a-zA-Z0-9][a-zA-Z0-9_.-]*)+`
    static func isWLCG(_ group: String) -> Bool {
        let parts = Array(group.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count > 1 && parts[0].isEmpty && parts.dropFirst().allSatisfy(GroupPattern.isName)
    }
}

/// A claim that breaks a rule: a clause for the log that quotes nothing of the claim.
struct ClaimOffence: Error, Hashable {
    let message: String

    init(_ message: String) { self.message = message }
}
