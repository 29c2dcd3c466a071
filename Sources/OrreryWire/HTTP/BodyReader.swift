// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// How the end of a body is known.
public enum BodyFraming: Equatable, Sendable {
    /// There is no body.
    case none
    /// So many bytes, at least one.
    case length(UInt64)
    case chunked
    /// All bytes until the connection ends. Only a response may be framed so.
    case untilEnd

    @inlinable public var isNone: Bool { if case .none = self { true } else { false } }
    @inlinable public var isChunked: Bool { if case .chunked = self { true } else { false } }
    /// Whether a length or chunks announce it.
    @inlinable public var hasContent: Bool {
        switch self {
        case .length, .chunked: true
        case .none, .untilEnd: false
        }
    }
}

/// Finds the content of a body in the bytes that carry it, piece by piece.
package struct BodyReader: Sendable {
    // Sixteen bytes: every connection's place holds two of these.
    private var remaining: UInt64
    private var chunks = ChunkReader()
    private let kind: Kind
    /// The last byte of the body has been seen.
    package private(set) var isEnded: Bool

    private enum Kind { case none, length, chunked, untilEnd }

    package init(_ framing: BodyFraming) {
        remaining = 0
        isEnded = false
        switch framing {
        case .none: (kind, isEnded) = (.none, true)
        case .length(let length): (kind, remaining) = (.length, length)
        case .chunked: kind = .chunked
        case .untilEnd: kind = .untilEnd
        }
    }

    /// What a piece of bytes holds of a body.
    package struct Step: Equatable, Sendable {
        /// The content is `count` bytes from `offset` on; those of several chunks have been moved together.
        package var offset = 0
        package var count = 0
        /// How many of the bytes given belong to the body, framing included. What follows is another message.
        package var consumed = 0
        package var isBad = false

        package init(offset: Int = 0, count: Int = 0, consumed: Int = 0, isBad: Bool = false) {
            self.offset = offset
            self.count = count
            self.consumed = consumed
            self.isBad = isBad
        }
    }

    /// Takes the next bytes. Must not be called again after a bad step.
    package mutating func take(_ bytes: inout MutableSpan<UInt8>) -> Step {
        switch kind {
        case .none: return Step()
        case .length:
            let count = Int(min(remaining, UInt64(bytes.count)))
            remaining -= UInt64(count)
            isEnded = remaining == 0
            return Step(count: count, consumed: count)
        case .untilEnd: return Step(count: bytes.count, consumed: bytes.count)
        case .chunked:
            guard !isEnded else { return Step() }
            let step = chunks.take(&bytes, remaining: &remaining)
            isEnded = chunks.isEnded
            return step
        }
    }

    /// How many bytes are left of a body whose length was announced; 0 for every other.
    package var announced: UInt64 { kind == .length ? remaining : 0 }

    /// Takes `count` bytes of the announced ones without looking at them.
    package mutating func pass(_ count: Int) {
        precondition(kind == .length && UInt64(count) <= remaining, "more of a body was passed than there is")
        remaining -= UInt64(count)
        isEnded = remaining == 0
    }

    /// The connection ended: whether that is how this body was to end.
    package mutating func end() -> Bool {
        if kind == .untilEnd { isEnded = true }
        return isEnded
    }
}
