/// Puts frames together from bytes, however they were split on their way.
///
/// Holds no more than one frame of the limit and what came with it. After an error nothing more is to be read: where the
/// next frame begins is not known.
package struct FrameReader: Sendable {
    /// The longest frame that is taken; it may be raised once the other side is known.
    package var limit: Int
    private var bytes: [UInt8] = []
    private var start = 0

    package init(limit: Int = ControlFrame.limit) { self.limit = limit }

    /// Bytes that came in order.
    package mutating func take(_ more: some Sequence<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// The next whole frame; nil when it has not come yet. A frame that is too long is refused by its length alone.
    package mutating func next() throws(LinkError) -> ControlFrame? {
        guard bytes.count - start >= 4 else { return nil }
        let count = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard count <= limit else { throw .longFrame(count: count, limit: limit) }
        guard bytes.count - start >= 4 + count else { return nil }
        let body = Array(bytes[start + 4..<start + 4 + count])
        start += 4 + count
        return try ControlFrame(body: body)
    }

    /// Whether a frame has begun that is not whole.
    package var isAmidFrame: Bool { bytes.count > start }
}
