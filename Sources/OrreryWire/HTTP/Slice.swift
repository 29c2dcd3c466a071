internal import CScan

// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// A stretch of a head, as places in its bytes. Empty means: not there.
public struct Slice: Equatable, Sendable {
    public var start: UInt32
    public var end: UInt32

    @inlinable public init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    public static var nothing: Slice { Slice(0, 0) }

    @inlinable public var isEmpty: Bool { start == end }
    @inlinable public var count: Int { Int(end) - Int(start) }
    @inlinable public var range: Range<Int> { Int(start)..<Int(end) }
}

/// Whether the bytes of `slice` are those of `word`, which is in lower case, in any case of letters.
/// Exact only for tokens and what looks like them: no control bytes.
public func isSame(_ bytes: Span<UInt8>, _ slice: Slice, as word: StaticString) -> Bool {
    isSameInlined(bytes, slice, as: word)
}

/// The same where it is worth inlining: the length of a literal is known there, and a few comparisons are left.
@inline(__always) func isSameInlined(_ bytes: Span<UInt8>, _ slice: Slice, as word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard slice.count == count, slice.end <= bytes.count else { return false }
    // Both have `count` bytes there.
    return unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let first = bytes.baseAddress else { return count == 0 }
        return unsafe scan_is_same(first + Int(slice.start), word.utf8Start, count) != 0
    }
}

extension UInt8 {
    /// Whether this may be in a token: a method, a field name (RFC 9110 5.6.2).
    @inline(__always) var isToken: Bool {
        // One bit for each of the 128 characters of ASCII.
        let low: UInt64 = 0x03ff_6cfa_0000_0000
        let high: UInt64 = 0x57ff_ffff_c7ff_fffe
        return self < 128 && ((self < 64 ? low : high) >> UInt64(self & 63)) & 1 == 1
    }

    /// The same without the underscore.
    @inline(__always) var isPlainToken: Bool {
        let low: UInt64 = 0x03ff_6cfa_0000_0000
        let high: UInt64 = 0x57ff_ffff_47ff_fffe
        return self < 128 && ((self < 64 ? low : high) >> UInt64(self & 63)) & 1 == 1
    }

    @inline(__always) var isDigit: Bool { self &- 48 < 10 }

    /// The value of a hexadecimal digit.
    public var hexValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}

private let ones: UInt64 = 0x0101_0101_0101_0101
private let tops: UInt64 = 0x8080_8080_8080_8080

/// Where the first control byte (below space, tab excepted, or DEL) is at or after `start`; `bytes.count` when there is
/// none. Sixteen bytes at a time: most of a head is looked at by nothing but this.
@inline(__always) func endOfText(_ bytes: Span<UInt8>, from start: Int) -> Int {
    // It reads inside [start, count) only.
    var index = unsafe bytes.withUnsafeBufferPointer { unsafe scan_text($0.baseAddress, start, $0.count) }
    while index < bytes.count {
        let byte = bytes[index]
        if (byte < 0x20 && byte != 9) || byte == 0x7f { return index }
        index &+= 1
    }
    return index
}

/// Whether `first` stands somewhere in `range` of the bytes with `second` right behind it.
public func hasPair(_ first: UInt8, _ second: UInt8, in range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
    precondition(range.upperBound <= bytes.count)
    // It reads inside `range` only.
    var index = unsafe bytes.withUnsafeBufferPointer {
        unsafe scan_pair($0.baseAddress, range.lowerBound, range.upperBound, first, second)
    }
    while index + 1 < range.upperBound {
        if bytes[index] == first, bytes[index + 1] == second { return true }
        index += 1
    }
    return false
}

/// Where `byte` is first in `range` of the bytes, or the end of `range`. Eight bytes at a time.
public func place(of byte: UInt8, in range: Range<Int>, _ bytes: Span<UInt8>) -> Int {
    var index = range.lowerBound
    let wanted = ones &* UInt64(byte)
    while index &+ 8 <= range.upperBound {
        // The bounds are checked by the load itself.
        let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wanted
        // The top bit of each byte that has become zero; exact up to the lowest.
        let found = (word &- ones) & ~word & tops
        if found != 0 { return index &+ found.trailingZeroBitCount >> 3 }
        index &+= 8
    }
    while index < range.upperBound, bytes[index] != byte { index &+= 1 }
    return index
}

/// Where the first byte is at or after `start` that no token has, or an underscore; `bytes.count` when there is none.
/// Letters, digits and hyphens, of which almost all names consist, are passed sixteen at a time.
@inline(__always) func endOfPlainToken(_ bytes: Span<UInt8>, from start: Int) -> Int {
    // It reads inside [start, count) only.
    var index = unsafe bytes.withUnsafeBufferPointer { unsafe scan_name($0.baseAddress, start, $0.count) }
    while index < bytes.count, bytes[index].isPlainToken { index += 1 }
    return index
}

/// `slice` without spaces and tabs at both ends.
public func trimmed(_ bytes: Span<UInt8>, _ slice: Slice) -> Slice {
    var start = Int(slice.start)
    var end = Int(slice.end)
    while start < end, bytes[start] == 32 || bytes[start] == 9 { start += 1 }
    while end > start, bytes[end - 1] == 32 || bytes[end - 1] == 9 { end -= 1 }
    return Slice(start, end)
}
