/// Makes lines of bytes that come in pieces. No line is longer than the limit, so a feed without line ends costs nothing.
struct LineBuffer {
    static let limit = 256 << 10
    private var rest: [UInt8] = []

    /// Calls `body` with each line that `bytes` completes, without its line end. Empty lines are passed over.
    mutating func take(
        _ bytes: [UInt8], _ body: ([UInt8]) throws(FeedFault) -> Void
    ) throws(FeedFault) {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            rest.append(contentsOf: bytes[start..<end])
            guard rest.count <= Self.limit else { throw .tooLong }
            if !rest.isEmpty { try body(rest) }
            rest.removeAll(keepingCapacity: true)
            start = end + 1
        }
        rest.append(contentsOf: bytes[start...])
        guard rest.count <= Self.limit else { throw .tooLong }
    }
}
