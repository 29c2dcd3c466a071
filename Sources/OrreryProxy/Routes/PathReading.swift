internal import OrreryWire

/// Reads a path in all the ways a server might, to find out whether they lead to one route.
///
/// A path goes to the server as it came. If it could be read as one that another route would have served, the server
/// might do just that, behind the back of whoever opened the route for its own prefix only. Such a path is refused.
///
/// Concurrency: belongs to a worker, which uses it for one path after the other.
struct PathReading: ~Copyable {
    /// What servers do besides undoing escapes; each bit is one habit, and they come in every combination.
    private struct Habits {
        var bits: UInt8 = 0

        /// Undoes escapes before it looks for slashes and semicolons, so that `%2F` is a slash.
        static var decodesFirst: UInt8 { 1 }
        /// Takes a backslash for a slash.
        static var turnsBackslashes: UInt8 { 2 }
        /// Takes a run of slashes for one.
        static var mergesSlashes: UInt8 { 4 }
        /// Cuts each segment at its semicolon (RFC 2396 3.3).
        static var dropsParameters: UInt8 { 8 }

        @inline(__always) func contains(_ bit: UInt8) -> Bool { bits & bit != 0 }
    }

    private var reading: Buffer
    /// How many bytes of the reading are the host.
    private var start = 0

    init() { reading = Buffer(capacity: BufferPool.largeCapacity) }

    enum Outcome {
        case route(RouteMatch?)
        /// A broken escape, bytes that are no text, a dot segment, or a path that two readers would route differently.
        case ambiguous
    }

    /// The one route for `path`. Never allocates.
    mutating func route(for path: Span<UInt8>, in routes: RouteSnapshot) -> Outcome {
        start = 0
        reading.reset()
        return found(path) { routes.route(for: $0) }
    }

    /// The one route for a path at a host, which is part of the key: `/host/path`. `host` is as a request says it.
    mutating func route(for path: Span<UInt8>, at host: Span<UInt8>, in routes: RouteSnapshot) -> Outcome {
        reading.reset()
        let count = Self.lengthOfName(host)
        guard count > 0 else {
            // The fallback judges no path, but its target is not to be sent what no route would be sent.
            start = 0
            return found(path) { _ in routes.fallback }
        }
        reading.append("/")
        for index in 0..<count {
            let byte = host[index]
            reading.append(byte &- 65 < 26 ? byte | 0x20 : byte)
        }
        start = reading.count
        return found(path) { routes.route(for: $0) }
    }

    /// How long a host is without its port and the dot that says it is whole.
    private static func lengthOfName(_ host: Span<UInt8>) -> Int {
        var end = host.count
        while end > 0, host[end - 1] &- 48 < 10 { end -= 1 }
        // Without a colon those digits are the end of an address.
        if end > 0, host[end - 1] == UInt8(ascii: ":") { end -= 1 } else { end = host.count }
        if end > 0, host[end - 1] == UInt8(ascii: ".") { end -= 1 }
        return end
    }

    private mutating func found(_ path: Span<UInt8>, _ route: (Span<UInt8>) -> RouteMatch?) -> Outcome {
        guard let habits = differences(path) else { return .ambiguous }
        guard read(path, Habits()), isText() else { return .ambiguous }
        let first = reading.read(route)
        // All combinations of what makes a difference here: mostly there is nothing.
        var bits = habits
        while bits != 0 {
            guard read(path, Habits(bits: bits)) else { return .ambiguous }
            guard reading.read(route)?.activity == first?.activity else { return .ambiguous }
            bits = (bits &- 1) & habits
        }
        return .route(first)
    }

    /// The habits that change something about this path. Nil when it is none: it has a broken escape, or an escaped
    /// control byte.
    private func differences(_ path: Span<UInt8>) -> UInt8? {
        var habits: UInt8 = 0
        var previous: UInt8 = 0
        var index = 0
        while index < path.count {
            guard let (byte, isEscaped) = Self.next(path, &index) else { return nil }
            switch byte {
            case 0..<32, 127: return nil
            case UInt8(ascii: "/") where isEscaped: habits |= Habits.decodesFirst | Habits.mergesSlashes
            case UInt8(ascii: "/") where previous == byte: habits |= Habits.mergesSlashes
            case UInt8(ascii: "\\"):
                habits |= Habits.turnsBackslashes | Habits.mergesSlashes
                if isEscaped { habits |= Habits.decodesFirst }
            case UInt8(ascii: ";"):
                habits |= Habits.dropsParameters | Habits.mergesSlashes
                if isEscaped { habits |= Habits.decodesFirst }
            default: break
            }
            previous = isEscaped ? 0 : byte
        }
        return habits
    }

    /// The next byte and whether it was escaped; nil when its escape is broken.
    @inline(__always)
    private static func next(_ path: Span<UInt8>, _ index: inout Int) -> (byte: UInt8, isEscaped: Bool)? {
        let byte = path[index]
        index += 1
        guard byte == UInt8(ascii: "%") else { return (byte, false) }
        guard index + 1 < path.count, let high = path[index].hexValue, let low = path[index + 1].hexValue else {
            return nil
        }
        index += 2
        return (high << 4 | low, true)
    }

    /// Writes the path into `reading` as a server of these habits understands it. False when it then has a segment `.`
    /// or `..`: browsers resolve these before they send, so what has one was made by hand.
    private mutating func read(_ path: Span<UInt8>, _ habits: Habits) -> Bool {
        reading.truncate(to: start)
        var isDropping = false
        var index = 0
        while index < path.count {
            guard let (byte, isEscaped) = Self.next(path, &index) else { return false }
            let isPlain = !isEscaped || habits.contains(Habits.decodesFirst)
            let isSlash =
                byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") && habits.contains(Habits.turnsBackslashes)
            if isSlash, isPlain {
                guard !endsInDots() else { return false }
                isDropping = false
                if !(habits.contains(Habits.mergesSlashes) && endsInSlash()) { reading.append("/") }
                continue
            }
            if byte == UInt8(ascii: ";"), isPlain, habits.contains(Habits.dropsParameters) { isDropping = true }
            // An escaped slash that is none becomes a byte that no key has.
            if !isDropping { reading.append(byte == UInt8(ascii: "/") ? 0 : byte) }
        }
        return !endsInDots()
    }

    private func endsInSlash() -> Bool {
        let count = reading.count
        return count > start && reading.read { $0[count - 1] == UInt8(ascii: "/") }
    }

    private func endsInDots() -> Bool {
        let start = start
        return reading.read { bytes in
            var dots = 0
            while dots < 3, bytes.count - dots > start, bytes[bytes.count - dots - 1] == UInt8(ascii: ".") { dots += 1 }
            guard dots == 1 || dots == 2 else { return false }
            let before = bytes.count - dots - 1
            return before < start || bytes[before] == UInt8(ascii: "/")
        }
    }

    private func isText() -> Bool {
        reading.read { bytes in
            do throws(UTF8.ValidationError) {
                _ = try UTF8Span(validating: bytes)
                return true
            } catch {
                return false
            }
        }
    }

    /// How many bytes of a path its first `segments` segments have, slashes in front included: what to leave out for a
    /// target that does not know the prefix it is served under.
    static func length(of segments: Int, in path: Span<UInt8>) -> Int {
        var left = segments
        for index in 0..<path.count where path[index] == UInt8(ascii: "/") {
            if left == 0 { return index }
            left -= 1
        }
        return path.count
    }
}
