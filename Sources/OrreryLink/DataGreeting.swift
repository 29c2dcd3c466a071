/// What an agent says on a data connection, once: which agent it is, and which of its connections this one.
package struct DataGreeting: Hashable, Sendable {
    package let agent: AgentID
    /// Counts up with every connection of this agent.
    package let number: UInt32

    package static let count = 16
    private static let beginning = Array("OR1".utf8) + [0]

    package init(agent: AgentID, number: UInt32) {
        self.agent = agent
        self.number = number
    }

    /// Reads exactly `count` bytes.
    package init(_ bytes: some Collection<UInt8>) throws(LinkError) {
        guard bytes.count == Self.count else { throw .greeting("is not \(Self.count) bytes") }
        guard bytes.starts(with: Self.beginning) else { throw .greeting("is of another version than OR1") }
        agent = AgentID(number: bytes.dropFirst(4).prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        number = bytes.dropFirst(12).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The sixteen bytes.
    package func encode() -> [UInt8] {
        Self.beginning + agent.bytes + (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - $0 * 8)) }
    }
}
