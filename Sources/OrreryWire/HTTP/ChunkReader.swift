/// Takes the chunked coding off a body (RFC 9112 7.1), strictly: CRLF and nothing else ends a line, a size has nothing
/// but hexadecimal digits, extensions and trailers are checked, bounded and dropped.
struct ChunkReader: Sendable {
    private enum State: UInt8 {
        case sizeStart, size, extensions, sizeEnd, data, dataCR, dataLF
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
        case .extensions:
            if byte == 13 {
                state = .sizeEnd
                return true
            }
            return spend(byte)
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
        case 59: state = .extensions
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

    private mutating func spend(_ byte: UInt8) -> Bool {
        overhead += 1
        return overhead <= Self.overheadLimit && (byte >= 32 || byte == 9) && byte != 127
    }
}
