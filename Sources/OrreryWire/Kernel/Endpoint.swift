internal import CLinux

// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// The far end of a connection: its address, and the number of what else must be the same before two connections to it
/// may serve each other's requests. 0 is plain TCP; who gives out the others says what they mean.
///
/// As large as the address alone.
public struct Endpoint: Hashable, Sendable {
    let raw: linux_address

    public init(_ address: SocketAddress, peer: UInt32 = 0) {
        var raw = address.raw
        raw.peer = peer
        self.raw = raw
    }

    public var address: SocketAddress {
        var address = raw
        address.peer = 0
        return SocketAddress(address)
    }

    public var peer: UInt32 { raw.peer }

    public static func == (left: Endpoint, right: Endpoint) -> Bool {
        left.raw.high == right.raw.high && left.raw.low == right.raw.low && left.raw.port == right.raw.port
            && left.raw.peer == right.raw.peer
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(peer)
    }

    /// A number that differs between endpoints more often than not: for tables.
    public var mixed: UInt64 {
        let folded = raw.high ^ raw.low ^ raw.low >> 32 ^ UInt64(raw.port) << 32 ^ UInt64(raw.peer) << 20
        return folded &* 0x9e37_79b9_7f4a_7c15 >> 28
    }
}
