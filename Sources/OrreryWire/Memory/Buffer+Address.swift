extension Buffer {
    /// Appends an address without its port, as `SocketAddress.host` spells it. Takes at most 39 bytes, and never allocates.
    package mutating func append(_ address: SocketAddress) {
        if address.isIPv4 {
            for index in 12..<16 {
                if index > 12 { append(UInt8(ascii: ".")) }
                append(decimal: address.byte(index))
            }
        } else {
            for index in 0..<8 {
                if index > 0 { append(UInt8(ascii: ":")) }
                append(hexadecimal: Int(address.byte(index * 2)) << 8 | Int(address.byte(index * 2 + 1)))
            }
        }
    }
}
