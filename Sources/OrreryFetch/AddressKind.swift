import Glibc

/// What kind of place an address is, as far as it matters for whom we may be led to.
enum AddressKind: Hashable {
    /// This machine or its link, several places at once, or nowhere.
    case local
    /// A network of one site (RFC 1918, RFC 4193) or one provider (RFC 6598).
    case site
    case open

    func isWithin(_ reach: FetchRequest.Reach) -> Bool {
        switch reach {
        case .anywhere: true
        case .networks: self != .local
        case .publicNetworks: self == .open
        }
    }

    /// The kind of an IPv4 address, 4 bytes, or an IPv6 address, 16; local for anything else.
    init(_ bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = Self.version4(bytes)
        case 16: self = Self.version6(bytes)
        default: self = .local
        }
    }

    private static func version4(_ bytes: [UInt8]) -> AddressKind {
        switch (bytes[0], bytes[1]) {
        case (0, _), (127, _), (169, 254), (224..., _): .local
        case (192, 0) where bytes[2] == 0: .local
        case (10, _), (172, 16...31), (192, 168), (100, 64...127), (198, 18...19): .site
        default: .open
        }
    }

    private static func version6(_ bytes: [UInt8]) -> AddressKind {
        let isZero = { (range: Range<Int>) in bytes[range].allSatisfy { $0 == 0 } }
        // An IPv4 address in another dress leads where that one leads: mapped, compatible, NAT64, 6to4.
        if isZero(0..<10), bytes[10] == 0xFF, bytes[11] == 0xFF { return version4(Array(bytes[12...])) }
        if isZero(0..<12) { return isZero(12..<15) ? .local : version4(Array(bytes[12...])) }
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B]), isZero(4..<12) { return version4(Array(bytes[12...])) }
        if bytes.starts(with: [0x20, 0x02]) { return version4(Array(bytes[2..<6])) }
        switch (bytes[0], bytes[1]) {
        case (0xFE, 0x80...0xBF), (0xFF, _): return .local
        case (0xFE, 0xC0...0xFF), (0xFC...0xFD, _): return .site
        default: return .open
        }
    }

    /// The kind of what a socket is about to connect to.
    init(_ address: UnsafePointer<sockaddr>, length: Int) {
        switch (unsafe Int32(address.pointee.sa_family), length) {
        case (AF_INET, MemoryLayout<sockaddr_in>.size...):
            // As long as one, which was just looked at; below too.
            let number = unsafe UnsafeRawPointer(address).load(as: sockaddr_in.self).sin_addr
            self = unsafe withUnsafeBytes(of: number) { unsafe AddressKind(Array($0)) }
        case (AF_INET6, MemoryLayout<sockaddr_in6>.size...):
            let number = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self = unsafe withUnsafeBytes(of: number) { unsafe AddressKind(Array($0)) }
        default:
            self = .local
        }
    }
}
