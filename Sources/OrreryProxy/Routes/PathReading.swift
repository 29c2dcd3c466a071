internal import OrreryWire

/// Reads a path in the ways a server might, to find out whether they all lead to the same route.
///
/// A path goes to the server as it came. If it could be read as one that another route would have served, the server
/// might do just that, behind the back of whoever opened the route for its own prefix only. Such a path is refused.
struct PathReading: ~Copyable {
    /// Escapes undone; an escaped slash stays part of its segment (as a zero byte, which no key has).
    private var literal: Buffer
    /// Escaped slashes and backslashes taken for slashes as well.
    private var liberal: Buffer
    /// And runs of slashes taken for one.
    private var merged: Buffer

    init() {
        literal = Buffer(capacity: BufferPool.largeCapacity)
        liberal = Buffer(capacity: BufferPool.largeCapacity)
        merged = Buffer(capacity: BufferPool.largeCapacity)
    }

    enum Outcome {
        case route(RouteMatch?)
        /// A broken escape, a zero byte, a dot segment, or a path that two readers would route differently.
        case ambiguous
    }

    /// The one route for `path`. Never allocates.
    mutating func route(for path: Span<UInt8>, in routes: RouteSnapshot) -> Outcome {
        literal.reset()
        liberal.reset()
        merged.reset()
        guard decode(path), !hasDotSegment() else { return .ambiguous }
        let first = literal.read { routes.route(for: $0) }
        let second = liberal.read { routes.route(for: $0) }
        let third = merged.read { routes.route(for: $0) }
        guard first?.activity == second?.activity, first?.activity == third?.activity else { return .ambiguous }
        return .route(first)
    }

    private mutating func decode(_ path: Span<UInt8>) -> Bool {
        var index = 0
        var previous: UInt8 = 0
        while index < path.count {
            var byte = path[index]
            var isEscaped = false
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 1 < path.count, let high = path[index].hexValue, let low = path[index + 1].hexValue else {
                    return false
                }
                (byte, isEscaped) = (high << 4 | low, true)
                index += 2
            }
            guard byte != 0 else { return false }
            let isSlash = byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
            literal.append(isSlash && isEscaped ? 0 : byte)
            let plain = isSlash ? UInt8(ascii: "/") : byte
            liberal.append(plain)
            if !(isSlash && previous == UInt8(ascii: "/")) { merged.append(plain) }
            previous = plain
        }
        return true
    }

    /// Whether any segment is `.` or `..`. Browsers resolve these before they send, so what has one was made by hand.
    private func hasDotSegment() -> Bool {
        liberal.read { bytes in
            var length = 0
            var dots = 0
            for index in 0...bytes.count {
                if index == bytes.count || bytes[index] == UInt8(ascii: "/") {
                    if length == dots, dots == 1 || dots == 2 { return true }
                    (length, dots) = (0, 0)
                } else {
                    length += 1
                    if bytes[index] == UInt8(ascii: ".") { dots += 1 }
                }
            }
            return false
        }
    }
}
