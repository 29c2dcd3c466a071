/// Takes the chunked coding off a body (RFC 9112 7.1), strictly: CRLF and nothing else ends a line, a size has nothing
/// but hexadecimal digits, extensions and trailers are checked, bounded and dropped.
struct ChunkReader: Sendable {
    private enum State: UInt8 {
        case sizeStart, size, sizeBlank, sizeEnd, data, dataCR, dataLF
        case nameStart, name, nameBlank, valueStart, value, quoted, escaped, quotedEnd
        case trailerStart, trailerName, trailerValue, trailerEnd, lastLF, ended
    }

    private var state: State = .sizeStart
    private var digits: UInt8 = 0
    /// Bytes of extensions and trailers so far. They are dropped, so nobody needs many.
    private var overhead: UInt16 = 0

    private static let overheadLimit: UInt16 = 16 << 10

    var isEnded: Bool { state == .ended }

    /// `remaining` is what is left of the current chunk; the caller keeps it.
    mutating func take(_ bytes: inout MutableSpan<UInt8>, remaining: inout UInt64) -> BodyReader.Step {
        var step = BodyReader.Step()
        var index = 0
        while index < bytes.count, state != .ended {
            if state == .data {
                let run = Int(min(remaining, UInt64(bytes.count - index)))
                Self.gather(&bytes, from: index, count: run, into: &step)
                index += run
                remaining -= UInt64(run)
                if remaining == 0 { state = .dataCR }
            } else {
                guard advance(bytes[index], &remaining) else {
                    step.isBad = true
                    return step
                }
                index += 1
            }
        }
        step.consumed = index
        return step
    }

    /// Moves a run of content behind the content found before; the first run stays where it is.
    private static func gather(
        _ bytes: inout MutableSpan<UInt8>, from index: Int, count: Int, into step: inout BodyReader.Step
    ) {
        if step.count == 0 { step.offset = index }
        let target = step.offset + step.count
        if target != index {
            unsafe bytes.withUnsafeMutableBufferPointer { memory in
                // Both runs lie inside the span: `index + count` was bounded by the caller, and `target` is before it.
                guard let base = UnsafeMutableRawPointer(memory.baseAddress) else { return }
                unsafe (base + target).copyMemory(from: base + index, byteCount: count)
            }
        }
        step.count += count
    }

    /// One byte of framing; false when it may not be there.
    private mutating func advance(_ byte: UInt8, _ remaining: inout UInt64) -> Bool {
        switch state {
        case .sizeStart, .size: return advanceSize(byte, &remaining)
        case .sizeBlank, .nameStart, .name, .nameBlank, .valueStart, .value, .quoted, .escaped, .quotedEnd:
            return spend(byte) && advanceExtension(byte)
        case .sizeEnd:
            state = remaining == 0 ? .trailerStart : .data
            return byte == 10
        case .dataCR:
            state = .dataLF
            return byte == 13
        case .dataLF:
            (state, digits, remaining) = (.sizeStart, 0, 0)
            return byte == 10
        case .trailerStart, .trailerName, .trailerValue, .trailerEnd: return advanceTrailer(byte)
        case .lastLF:
            state = .ended
            return byte == 10
        case .data, .ended: return false
        }
    }

    private mutating func advanceSize(_ byte: UInt8, _ remaining: inout UInt64) -> Bool {
        if let digit = byte.hexValue {
            // Fifteen digits are an exabyte and cannot overflow.
            guard digits < 15 else { return false }
            (state, digits, remaining) = (.size, digits + 1, remaining << 4 | UInt64(digit))
            return true
        }
        guard state == .size else { return false }
        switch byte {
        case 13: state = .sizeEnd
        case 59: state = .nameStart
        case 9, 32: state = .sizeBlank
        default: return false
        }
        return true
    }

    /// RFC 9112 7.1.1: `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`. Blanks may stand where a `;`
    /// or `=` follows, and nowhere else.
    private mutating func advanceExtension(_ byte: UInt8) -> Bool {
        let isBlank = byte == 9 || byte == 32
        switch (state, byte) {
        case (.quoted, 34): state = .quotedEnd
        case (.quoted, 92): state = .escaped
        case (.quoted, _): return byte != 13
        case (.escaped, _):
            state = .quoted
            return byte != 13
        case (.sizeBlank, _) where isBlank, (.nameStart, _) where isBlank, (.nameBlank, _) where isBlank,
            (.valueStart, _) where isBlank:
            return true
        case (.name, _) where isBlank: state = .nameBlank
        case (.value, _) where isBlank, (.quotedEnd, _) where isBlank: state = .sizeBlank
        case (.name, 13), (.value, 13), (.quotedEnd, 13): state = .sizeEnd
        case (.sizeBlank, 59), (.name, 59), (.nameBlank, 59), (.value, 59), (.quotedEnd, 59): state = .nameStart
        case (.name, 61), (.nameBlank, 61): state = .valueStart
        case (.valueStart, 34): state = .quoted
        case (.nameStart, _), (.name, _):
            state = .name
            return byte.isToken
        case (.valueStart, _), (.value, _):
            state = .value
            return byte.isToken
        default: return false
        }
        return true
    }

    private mutating func advanceTrailer(_ byte: UInt8) -> Bool {
        switch (state, byte) {
        case (.trailerStart, 13): state = .lastLF
        case (.trailerName, 58): state = .trailerValue
        case (.trailerStart, _), (.trailerName, _):
            state = .trailerName
            return byte.isToken && spend(byte)
        case (.trailerValue, 13): state = .trailerEnd
        case (.trailerEnd, _):
            state = .trailerStart
            return byte == 10
        default: return spend(byte)
        }
        return true
    }

    /// Whether this byte of text may be there, and not too many were before.
    private mutating func spend(_ byte: UInt8) -> Bool {
        overhead += 1
        return overhead <= Self.overheadLimit && (byte >= 32 || byte == 9 || byte == 13) && byte != 127
    }
}
