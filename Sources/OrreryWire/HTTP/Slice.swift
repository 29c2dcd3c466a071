/// A stretch of a head, as places in its bytes. Empty means: not there.
package struct Slice: Equatable, Sendable {
    package var start: UInt32
    package var end: UInt32

    @inlinable package init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    package static var nothing: Slice { Slice(0, 0) }

    @inlinable package var isEmpty: Bool { start == end }
    @inlinable package var count: Int { Int(end) - Int(start) }
    @inlinable package var range: Range<Int> { Int(start)..<Int(end) }
}

/// Whether the bytes of `slice` are those of `word`, which is in lower case, in any case of letters.
/// Exact only for tokens and what looks like them: no control bytes.
package func isSame(_ bytes: Span<UInt8>, _ slice: Slice, as word: StaticString) -> Bool {
    guard slice.count == word.utf8CodeUnitCount else { return false }
    let start = Int(slice.start)
    for index in 0..<slice.count {
        // Inside the literal: its length was compared above.
        guard unsafe bytes[start + index] | 0x20 == word.utf8Start[index] else { return false }
    }
    return true
}

extension UInt8 {
    /// Whether this may be in a token: a method, a field name (RFC 9110 5.6.2).
    @inline(__always) var isToken: Bool {
        // One bit for each of the 128 characters of ASCII.
        let low: UInt64 = 0x03ff_6cfa_0000_0000
        let high: UInt64 = 0x57ff_ffff_c7ff_fffe
        return self < 128 && ((self < 64 ? low : high) >> UInt64(self & 63)) & 1 == 1
    }

    @inline(__always) var isDigit: Bool { self &- 48 < 10 }

    /// The value of a hexadecimal digit.
    package var hexValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}

/// Where the first control byte (below space, tab excepted, or DEL) is at or after `start`; `bytes.count` when there is
/// none. Eight bytes at a time: nine tenths of a head are looked at by nothing but this.
@inline(__always) func endOfText(_ bytes: Span<UInt8>, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    var index = start
    while index + 8 <= bytes.count {
        // The bounds are checked by the condition, and by the load itself.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        let below = (word &- ones &* 0x20) & ~word & tops
        let deleted = word ^ (ones &* 0x7f)
        let found = below | ((deleted &- ones) & ~deleted & tops)
        if found == 0 {
            index += 8
            continue
        }
        index += found.trailingZeroBitCount >> 3
        guard bytes[index] == 9 else { return index }
        index += 1
    }
    while index < bytes.count {
        let byte = bytes[index]
        if (byte < 0x20 && byte != 9) || byte == 0x7f { return index }
        index += 1
    }
    return index
}

/// `slice` without spaces and tabs at both ends.
func trimmed(_ bytes: Span<UInt8>, _ slice: Slice) -> Slice {
    var start = Int(slice.start)
    var end = Int(slice.end)
    while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
    while end > start, bytes[end - 1] == 32 || bytes[end - 1] == 9 { end -= 1 }
    return Slice(start, end)
}
