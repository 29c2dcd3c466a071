internal import OrreryWire

/// The cookies that are the hub's alone: their names begin with `__Host-orrery-`. That prefix obliges the hub to set them
/// for every path (RFC 6265bis 4.1.3.2), so a browser sends them along to notebooks, where whoever runs one could read
/// them and be that person at the hub. They end here.
enum HubCookie {
    private static let prefix: StaticString = "__Host-orrery-"

    /// Whether the request has one.
    static func isIn(_ fields: Fields, _ bytes: Span<UInt8>) -> Bool {
        guard fields.hasCookie else { return false }
        var isFound = false
        forEachPair(fields, bytes) { _, pair in isFound = isFound || isOurs(pair, bytes) }
        return isFound
    }

    /// Appends the lines with the request's other cookies. Never longer than the lines that it has.
    static func writeOthers(_ fields: Fields, _ bytes: Span<UInt8>, to target: inout Buffer) {
        var line = -1
        forEachPair(fields, bytes) { index, pair in
            guard !isOurs(pair, bytes) else { return }
            if index == line {
                target.append(";")
            } else {
                if line >= 0 { target.append("\r\n") }
                target.append("Cookie:")
                line = index
            }
            target.append(bytes.extracting(pair.range))
        }
        if line >= 0 { target.append("\r\n") }
    }

    /// Calls `body` with each `name=value`, blanks around included, and the mark of its line.
    private static func forEachPair(_ fields: Fields, _ bytes: Span<UInt8>, _ body: (Int, Slice) -> Void) {
        for index in 0..<fields.markCount where fields.mark(index).name == .cookie {
            let value = fields.mark(index).value
            var start = Int(value.start)
            while start < Int(value.end) {
                let end = place(of: UInt8(ascii: ";"), in: start..<Int(value.end), bytes)
                if end > start { body(index, Slice(start, end)) }
                start = end + 1
            }
        }
    }

    private static func isOurs(_ pair: Slice, _ bytes: Span<UInt8>) -> Bool {
        var start = Int(pair.start)
        while start < Int(pair.end), bytes[start] == 32 || bytes[start] == 9 { start += 1 }
        let end = start + prefix.utf8CodeUnitCount
        return end <= Int(pair.end) && Slice(start, end).isWord(prefix, bytes)
    }
}
