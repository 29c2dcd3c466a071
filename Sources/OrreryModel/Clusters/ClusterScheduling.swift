package import FoundationEssentials

/// Whether new sessions may come to a cluster.
package enum ClusterScheduling: Hashable, Sendable {
    case schedulable
    /// What runs stays, nothing new comes.
    case cordoned
    /// As cordoned, and what still runs at the moment is stopped then; nil: nothing is.
    case draining(until: Date?)
}

extension ClusterScheduling: Codable {
    private enum Word: String, Codable { case schedulable, cordoned, draining }
    private enum Key: CodingKey { case state, until }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        self =
            switch try container.decode(Word.self, forKey: .state) {
            case .schedulable: .schedulable
            case .cordoned: .cordoned
            case .draining: .draining(until: try container.decodeIfPresent(Date.self, forKey: .until))
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .schedulable: try container.encode(Word.schedulable, forKey: .state)
        case .cordoned: try container.encode(Word.cordoned, forKey: .state)
        case .draining(let until):
            try container.encode(Word.draining, forKey: .state)
            try container.encodeIfPresent(until, forKey: .until)
        }
    }
}
