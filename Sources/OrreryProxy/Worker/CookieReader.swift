internal import OrreryWire

/// Walks along the cookies of a request, `name=value` for `name=value`, over all its lines. Allocates nothing.
struct CookieReader {
    struct Pair {
        /// The mark of the line it stands in.
        let line: Int
        /// All between two semicolons, blanks included.
        let whole: Slice
        let name: Slice
        /// Without quotes: a quoted value is the same value (RFC 6265 4.1.1).
        let value: Slice
    }

    private var mark = 0
    private var start = 0
    private var end = 0

    /// The next pair that is not empty. One without `=` has a name only.
    mutating func next(_ fields: borrowing Fields, _ bytes: Span<UInt8>) -> Pair? {
        while true {
            while start >= end {
                guard let line = nextLine(fields) else { return nil }
                (start, end) = (Int(line.start), Int(line.end))
            }
            let stop = place(of: UInt8(ascii: ";"), in: start..<end, bytes)
            let whole = Slice(start, stop)
            start = stop + 1
            if !whole.isEmpty { return pair(whole, bytes) }
        }
    }

    private mutating func nextLine(_ fields: borrowing Fields) -> Slice? {
        while mark < fields.markCount {
            mark += 1
            if fields.mark(mark - 1).name == .cookie { return fields.mark(mark - 1).value }
        }
        return nil
    }

    private func pair(_ whole: Slice, _ bytes: Span<UInt8>) -> Pair {
        let sign = place(of: UInt8(ascii: "="), in: whole.range, bytes)
        let name = trimmed(bytes, Slice(Int(whole.start), sign))
        var value = trimmed(bytes, Slice(min(sign + 1, Int(whole.end)), Int(whole.end)))
        if value.count >= 2, bytes[Int(value.start)] == 34, bytes[Int(value.end) - 1] == 34 {
            value = Slice(Int(value.start) + 1, Int(value.end) - 1)
        }
        return Pair(line: mark - 1, whole: whole, name: name, value: value)
    }
}
