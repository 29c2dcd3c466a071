internal import CLinux

extension SocketAddress {
    /// What one customer of a network has: an IPv4 address, or the first half of an IPv6 address, of which everybody has
    /// the other half to choose from. Never 0 for a connection over a network.
    package var network: UInt64 { isIPv4 ? raw.low : raw.high }

    /// Whether it is of the public Internet, where one address is mostly one customer. Others are this machine, local
    /// networks and whoever translates addresses for many.
    package var isPublic: Bool { isIPv4 ? Self.isPublic(byte(12), byte(13)) : byte(0) & 0xe0 == 0x20 }

    /// RFC 1918, 3927, 6598 and 1122 name the ranges that are not.
    private static func isPublic(_ first: UInt8, _ second: UInt8) -> Bool {
        switch first {
        case 0, 10, 127, 224...255: false
        case 100: second & 0xc0 != 64
        case 169: second != 254
        case 172: second & 0xf0 != 16
        case 192: second != 168
        default: true
        }
    }
}
