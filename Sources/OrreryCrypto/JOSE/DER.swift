/// The two forms of ASN.1's distinguished encoding that a curve's signature needs.
enum DER {
    /// A non-negative integer from its big-endian octets.
    static func integer(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(octets.drop { $0 == 0 })
        // The first bit is the sign.
        if digits.first.map({ $0 & 0x80 != 0 }) ?? true { digits.insert(0, at: 0) }
        return [0x02] + length(digits.count) + digits
    }

    static func sequence(_ parts: [[UInt8]]) -> [UInt8] {
        let content = parts.flatMap(\.self)
        return [0x30] + length(content.count) + content
    }

    /// Up to 255, which is more than two integers of 67 octets need.
    private static func length(_ count: Int) -> [UInt8] {
        count < 0x80 ? [UInt8(count)] : [0x81, UInt8(count)]
    }
}
