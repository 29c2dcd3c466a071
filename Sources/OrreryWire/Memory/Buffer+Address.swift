extension Buffer {
    /// Appends an address without its port, as `SocketAddress.host` spells it. Takes at most 39 bytes, for which there
    /// must be room, and never allocates.
    package mutating func append(_ address: SocketAddress) {
        if address.isIPv4 { return append(dotted: address.fourBytes) }
        for index in 0..<8 {
            if index > 0 { append(UInt8(ascii: ":")) }
            append(hexadecimal: Int(address.byte(index * 2)) << 8 | Int(address.byte(index * 2 + 1)))
        }
    }

    /// Appends four numbers, the first in the lowest byte.
    ///
    /// Each is stored as four bytes with its dot behind it, of which those that are no part of it are written over: room
    /// is looked at once, and no byte has a store of its own. Half the instructions of appending byte by byte.
    private mutating func append(dotted numbers: UInt32) {
        precondition(roomAfter >= 16)
        var length = 0
        for place in 0..<4 {
            let part = Self.digits(UInt8(truncatingIfNeeded: numbers >> UInt32(place * 8)))
            // At most four bytes for each of the places before, so that these four are within the sixteen.
            unsafe (base + end).storeBytes(of: part.text, toByteOffset: length, as: UInt32.self)
            length += part.length
        }
        grow(by: length - 1)
    }

    /// The digits of a number and a dot, as they lie in memory: both our architectures are little-endian.
    @inline(__always) private static func digits(_ number: UInt8) -> (text: UInt32, length: Int) {
        let number = UInt32(number)
        if number < 10 { return (0x2e30 + number, 2) }
        let (tens, ones) = (number / 10, number % 10)
        if tens < 10 { return (0x2e_3030 + tens + (ones << 8), 3) }
        return (0x2e30_3030 + tens / 10 + ((tens % 10) << 8) + (ones << 16), 4)
    }
}
