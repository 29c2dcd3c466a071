internal import CScan

/// Whether a value is a host with an optional port (RFC 9112 3.2): a name, or an address in brackets. No user, path, list
/// or blank, and nothing after the port that another reader could take for the host. `escapes`: a name may have them.
func isAuthority(_ bytes: Span<UInt8>, _ slice: Slice, escapes: Bool = false) -> Bool {
    guard slice.count <= 1024 else { return false }
    let end = Int(slice.end)
    var index = Int(slice.start)
    if index < end, bytes[index] == 91 {
        guard let after = endOfLiteral(bytes, index..<end) else { return false }
        index = after
    } else {
        // It reads inside [index, count) only.
        let passed = unsafe bytes.withUnsafeBufferPointer { unsafe scan_host($0.baseAddress, index, $0.count) }
        index = min(passed, end)
        while index < end {
            if bytes[index].isHost {
                index += 1
            } else if escapes, isEscape(bytes, index, end) {
                index += 3
            } else {
                break
            }
        }
    }
    guard index > Int(slice.start) else { return false }
    return index == end || (bytes[index] == 58 && isPort(bytes, index + 1..<end))
}

private func isEscape(_ bytes: Span<UInt8>, _ index: Int, _ end: Int) -> Bool {
    guard bytes[index] == 37, index + 2 < end else { return false }
    return bytes[index + 1].hexValue != nil && bytes[index + 2].hexValue != nil
}

/// Where a host in brackets ends. Only an IPv6 address: nobody ever had use for the other kinds (RFC 3986 3.2.2).
private func endOfLiteral(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
    for index in range.dropFirst() {
        let byte = bytes[index]
        if byte == 93 { return index > range.lowerBound + 1 ? index + 1 : nil }
        guard byte.hexValue != nil || byte == 58 || byte == 46 else { return nil }
    }
    return nil
}

/// Digits of a number below 65536, or nothing.
private func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty, range.count <= 5, range.upperBound <= bytes.count else { return range.isEmpty }
    // It reads inside the range only.
    let port = unsafe bytes.withUnsafeBufferPointer {
        unsafe scan_decimal($0.baseAddress, range.lowerBound, range.upperBound)
    }
    return (0..<65536).contains(port)
}

extension UInt8 {
    /// Whether a name of a host may have this: letters, digits, and `-._~!$&'()*+;=`. Not the comma, which parts the
    /// elements of a list, nor the percent sign, which two readers would undo at different times.
    @inline(__always) fileprivate var isHost: Bool {
        let low: UInt64 = 0x2bff_6fd2_0000_0000
        let high: UInt64 = 0x47ff_fffe_87ff_fffe
        return self < 128 && ((self < 64 ? low : high) >> UInt64(self & 63)) & 1 == 1
    }
}
