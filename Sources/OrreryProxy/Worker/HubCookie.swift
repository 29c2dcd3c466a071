internal import OrreryWire

/// Cookies that end here. Those of the hub have names that begin with `__Host-orrery-`, or with `orrery-` where there
/// is no TLS. That prefix obliges the hub to set them for every path (RFC 6265bis 4.1.3.2), so a browser sends them
/// along to notebooks, where whoever runs one could read them and be that person at the hub. The gate's own go nowhere
/// at all.
enum HubCookie {
    /// Whether the request has one that must not go on.
    static func isIn(_ fields: borrowing Fields, _ bytes: Span<UInt8>, isForHub: Bool) -> Bool {
        guard fields.hasCookie, mayHaveOne(fields, bytes) else { return false }
        var reader = CookieReader()
        while let pair = reader.next(fields, bytes) {
            if endsHere(pair.name, bytes, isForHub: isForHub) { return true }
        }
        return false
    }

    /// All our names have the two letters "rr" in "orrery", which most cookies have nowhere: one look settles those.
    private static func mayHaveOne(_ fields: borrowing Fields, _ bytes: Span<UInt8>) -> Bool {
        for index in 0..<fields.markCount where fields.mark(index).name == .cookie {
            let letter = UInt8(ascii: "r")
            if hasPair(letter, letter, in: fields.mark(index).value.range, bytes) { return true }
        }
        return false
    }

    /// Appends the lines with the request's other cookies. Never longer than the lines that it has.
    static func writeOthers(_ fields: borrowing Fields, _ bytes: Span<UInt8>, isForHub: Bool, to target: inout Buffer) {
        var line = -1
        var reader = CookieReader()
        while let pair = reader.next(fields, bytes) {
            guard !endsHere(pair.name, bytes, isForHub: isForHub) else { continue }
            if pair.line == line {
                target.append(";")
            } else {
                if line >= 0 { target.append("\r\n") }
                target.append("Cookie:")
                line = pair.line
            }
            target.append(bytes.extracting(pair.whole.range))
        }
        if line >= 0 { target.append("\r\n") }
    }

    private static func endsHere(_ name: Slice, _ bytes: Span<UInt8>, isForHub: Bool) -> Bool {
        if isForHub { return GateCookie.isOne(name, bytes) }
        return begins(name, "__Host-orrery-", bytes) || begins(name, "orrery-", bytes)
    }

    private static func begins(_ name: Slice, _ prefix: StaticString, _ bytes: Span<UInt8>) -> Bool {
        let end = Int(name.start) + prefix.utf8CodeUnitCount
        return end <= Int(name.end) && Slice(Int(name.start), end).isWord(prefix, bytes)
    }
}
