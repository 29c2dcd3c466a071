/// Whose sessions a cluster takes.
package enum ClusterTrust: Hashable, Sendable {
    /// Nobody has vouched for it yet: nobody's.
    case unclaimed
    case ownerOnly
    /// The owner's and those of these hub groups.
    case groups(Set<String>)
    /// Everybody's whom the hub lets in.
    case federation
}

extension ClusterTrust: Codable {
    private enum Word: String, Codable { case unclaimed, owner, groups, federation }
    private enum Key: CodingKey { case tier, groups }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self =
            switch try container.decode(Word.self, forKey: .tier) {
            case .unclaimed: .unclaimed
            case .owner: .ownerOnly
            case .groups: .groups(try container.decode(Set<String>.self, forKey: .groups))
            case .federation: .federation
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .unclaimed: try container.encode(Word.unclaimed, forKey: .tier)
        case .ownerOnly: try container.encode(Word.owner, forKey: .tier)
        case .federation: try container.encode(Word.federation, forKey: .tier)
        case .groups(let groups):
            try container.encode(Word.groups, forKey: .tier)
            // Sorted, so that equal values are equal texts.
            try container.encode(groups.sorted(), forKey: .groups)
        }
    }
}
