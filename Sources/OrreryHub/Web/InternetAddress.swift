import Glibc

/// An address of IPv4, as 4 bytes, or of IPv6, as 16. IPv4 in the dress of IPv6 (`::ffff:192.0.2.7`) is IPv4.
package struct InternetAddress: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    /// Nil for whatever is not the address itself: a name, a port behind it, brackets, a zone.
    init?(_ text: some StringProtocol) {
        // No byte that would end the text for C.
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        let text = String(text)
        guard let bytes = Self.read(text, AF_INET, count: 4) ?? Self.read(text, AF_INET6, count: 16) else { return nil }
        self.init(bytes)
    }

    init(_ bytes: [UInt8]) {
        let isMapped = bytes.count == 16 && bytes.starts(with: Array(repeating: 0, count: 10) + [0xFF, 0xFF])
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    /// As RFC 5952 writes it.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        _ = unsafe inet_ntop(family, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func read(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}

/// All addresses that begin like one: `10.1.0.0/16`, or a single one.
package struct InternetNetwork: Hashable, Sendable {
    private let address: InternetAddress
    /// How many bits they have in common.
    private let length: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = InternetAddress(parts[0]) else { return nil }
        let bits = address.bytes.count * 8
        guard let length = parts.count == 1 ? bits : Int(parts[1]), (0...bits).contains(length) else { return nil }
        (self.address, self.length) = (address, length)
    }

    func contains(_ other: InternetAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return zip(address.bytes, other.bytes).enumerated().allSatisfy { place, pair in
            let common = min(8, max(0, length - place * 8))
            return (pair.0 ^ pair.1) >> (8 - common) == 0
        }
    }
}
