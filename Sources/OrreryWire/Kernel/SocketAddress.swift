internal import CLinux

// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// An IP address and a port. IPv4 addresses are kept in their IPv6-mapped form and printed in their own.
public struct SocketAddress: Hashable, Sendable {
    let raw: linux_address

    init(_ raw: linux_address) { self.raw = raw }

    /// The place of something that is not reached by an address: a socket in the file system, a tunnel.
    public static var none: SocketAddress { SocketAddress(linux_address()) }

    public var isNone: Bool { raw.high == 0 && raw.low == 0 && raw.port == 0 }
    public var port: UInt16 { raw.port }
    public var isIPv4: Bool { raw.high == 0 && raw.low & 0xffff_ffff == Self.mapped }

    /// 00 00 ff ff in memory, the middle of a mapped address: both our architectures are little-endian.
    private static var mapped: UInt64 { 0xffff_0000 }

    /// The address of a literal or of a name, as the system's resolver finds it now. Blocks while a name is looked up;
    /// nil when there is none. An empty host is every interface.
    public static func resolve(_ host: String, port: UInt16) -> SocketAddress? {
        var address = linux_address()
        address.port = port
        guard !host.isEmpty, host != "*" else { return SocketAddress(address) }
        guard unsafe linux_resolve(host, port, &address) == 0 else { return nil }
        return SocketAddress(address)
    }

    /// The same port on every IPv4 interface: for a machine without IPv6.
    public var onIPv4: SocketAddress {
        var address = raw
        address.low = Self.mapped
        return SocketAddress(address)
    }

    public static func == (left: SocketAddress, right: SocketAddress) -> Bool {
        left.raw.high == right.raw.high && left.raw.low == right.raw.low && left.raw.port == right.raw.port
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(raw.high)
        hasher.combine(raw.low)
        hasher.combine(raw.port)
    }

    /// The bytes of an IPv4 address, the first one lowest.
    var fourBytes: UInt32 { UInt32(truncatingIfNeeded: raw.low >> 32) }

    /// The sixteen bytes of the address in network order.
    public func byte(_ index: Int) -> UInt8 {
        let half = index < 8 ? raw.high : raw.low
        return UInt8(truncatingIfNeeded: half >> UInt64(index % 8 * 8))
    }
}

extension SocketAddress: CustomStringConvertible {
    public var description: String { isNone ? "unix" : isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

    /// The address without its port, as `X-Forwarded-For` has it.
    public var host: String {
        if isNone { return "unix" }
        if isIPv4 { return (12..<16).map { "\(byte($0))" }.joined(separator: ".") }
        return (0..<8).map { String(UInt16(byte($0 * 2)) << 8 | UInt16(byte($0 * 2 + 1)), radix: 16) }
            .joined(separator: ":")
    }
}

extension SocketAddress {
    /// The same address with another port.
    public func with(port: UInt16) -> SocketAddress {
        var address = raw
        address.port = port
        return SocketAddress(address)
    }
}
