/// How much the relay takes, and how long it waits.
package struct RelayLimits: Sendable, Equatable {
    /// Connections of all kinds at one time.
    package var connections: UInt32 = 65_536
    /// Data connections that carry something at one time.
    package var bound = 16_384
    /// Until a proxy has taken a connection.
    package var dial = Duration.seconds(10)
    /// From the first byte of a hand-off to its last.
    package var handoff = Duration.seconds(10)
    /// Until a pod has taken a connection.
    package var reach = Duration.seconds(5)
    /// Without a ping, until the proxy is taken to be gone.
    package var silence = Duration.seconds(30)
    /// For a refusal to be read, until its connection is closed.
    package var farewell = Duration.seconds(2)

    /// For the next byte of a connection of which one side has ended, until it is taken to be forgotten.
    package var halfClosed = Duration.seconds(600)

    package init() {}
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: UInt64 {
        UInt64(components.seconds) * 1000 + UInt64(components.attoseconds / 1_000_000_000_000_000)
    }
}
