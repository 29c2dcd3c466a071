import OrreryModel
import Synchronization

// The agents of registered clusters.
extension ProxyFeed {
    /// The agents that may dial in, by their keys.
    var agents: [String: Agent] { book.withLock { $0.agents } }

    /// Puts `agents` in the place of those that there are. Connections of a key that is not among them end at every proxy within
    /// a second; `reason` is what its agent reads.
    @discardableResult
    func setAgents(_ agents: [String: Agent], reason: (String) -> String) -> UInt64 {
        let old = book.withLock { $0.agents }
        let gone = old.keys.filter { agents[$0] == nil }.sorted().map { ($0, reason($0)) }
        return book.withLock { book in
            for (key, reason) in gone where book.agents.removeValue(forKey: key) != nil {
                _ = append(["strike": .string(key), "reason": .string(reason)], to: &book)
            }
            for (key, agent) in agents.sorted(by: { $0.key < $1.key }) where book.agents[key] != agent {
                book.agents[key] = agent
                _ = append(Self.line(key, agent), to: &book)
            }
            return book.number
        }
    }

    /// Passes a frame on to the agent of a key, as far as it is connected right now.
    @discardableResult
    func tell(_ key: String, _ frame: JSON) -> UInt64 {
        book.withLock { append(["tell": .string(key), "frame": frame], to: &$0) }
    }

    static func line(_ key: String, _ agent: Agent) -> JSON {
        ["agent": .string(key), "cluster": .string(agent.cluster), "uid": .string(agent.uid)]
    }
}
