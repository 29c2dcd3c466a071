internal import OrreryWire

/// The cookie `jupyterhub-session-id`, which a browser has from its login to its logout and sends to hub and notebook.
enum SessionCookie {
    private static let name: StaticString = "jupyterhub-session-id"

    /// Calls `body` with the hash of each value the request's cookies have under that name.
    static func forEachHash(_ fields: Fields, _ bytes: Span<UInt8>, _ body: (UInt64) -> Void) {
        guard fields.hasCookie else { return }
        for index in 0..<fields.markCount where fields.mark(index).name == .cookie {
            let value = fields.mark(index).value
            var start = Int(value.start)
            while start < Int(value.end) {
                let end = place(of: UInt8(ascii: ";"), in: start..<Int(value.end), bytes)
                if let hash = hash(bytes.extracting(start..<end)) { body(hash) }
                start = end + 1
            }
        }
    }

    /// The hash of the value in `name=value` with blanks around, if that is the name.
    private static func hash(_ pair: Span<UInt8>) -> UInt64? {
        var start = 0
        while start < pair.count, pair[start] == 32 || pair[start] == 9 { start += 1 }
        let count = name.utf8CodeUnitCount
        guard pair.count - start > count, pair[start + count] == UInt8(ascii: "="),
            Slice(start, start + count).isWord(name, pair)
        else { return nil }
        var end = pair.count
        while end > start, pair[end - 1] == 32 || pair[end - 1] == 9 { end -= 1 }
        var from = start + count + 1
        // A quoted value is the same value (RFC 6265 4.1.1).
        if end - from >= 2, pair[from] == 34, pair[end - 1] == 34 { (from, end) = (from + 1, end - 1) }
        var hash = PrefixHash()
        for index in from..<max(from, end) { hash.add(pair[index]) }
        return hash.value
    }
}
