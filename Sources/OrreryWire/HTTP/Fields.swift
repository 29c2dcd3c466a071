internal import CScan

// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// The fields of a head: what they say about the message, and where those are that a proxy changes.
///
/// Not copyable, and the marks elsewhere: a head is looked at in many places for every request, and compilers copy what
/// they may.
@safe public struct Fields: ~Copyable {
    /// A field that this proxy understands: which, its whole line with CRLF, and its value.
    public struct Mark: Sendable {
        public let name: FieldName
        // Half words: a head is shorter than 64 KiB.
        @usableFromInline let lineStart: UInt16
        @usableFromInline let lineEnd: UInt16
        @usableFromInline let valueStart: UInt16
        @usableFromInline let valueEnd: UInt16

        init(_ name: FieldName, line: Slice, value: Slice) {
            self.name = name
            lineStart = UInt16(line.start)
            lineEnd = UInt16(line.end)
            valueStart = UInt16(value.start)
            valueEnd = UInt16(value.end)
        }

        @inlinable public var line: Slice { Slice(Int(lineStart), Int(lineEnd)) }
        @inlinable public var value: Slice { Slice(Int(valueStart), Int(valueEnd)) }
    }

    /// What `Connection` says.
    public struct ConnectionOptions: OptionSet, Sendable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

        // Computed: constants would be asked for by a call from other modules.
        @inlinable public static var close: ConnectionOptions { ConnectionOptions(rawValue: 1) }
        @inlinable public static var keepAlive: ConnectionOptions { ConnectionOptions(rawValue: 2) }
        @inlinable public static var upgrade: ConnectionOptions { ConnectionOptions(rawValue: 4) }
        /// It names fields that go no further than this hop.
        @inlinable public static var names: ConnectionOptions { ConnectionOptions(rawValue: 8) }
    }

    /// Where the lines begin and where they end, before the empty one.
    public private(set) var lines: Slice = .nothing
    public private(set) var markCount = 0
    /// Room for `Fields.room` of them, of which the first `markCount` are initialised.
    @usableFromInline let marks = UnsafeMutablePointer<Mark>.allocate(capacity: Fields.room)
    private static var room: Int { 24 }

    public private(set) var connection: ConnectionOptions = []
    public private(set) var contentLength: UInt64?
    public private(set) var isChunked = false
    public private(set) var host: Slice = .nothing
    public private(set) var upgrade: Slice = .nothing
    /// `Upgrade` says `websocket` and nothing else.
    public private(set) var isWebSocket = false
    public private(set) var expectsContinue = false
    public private(set) var expectsUnknown = false
    public private(set) var hasDate = false
    public private(set) var hasCookie = false
    private var hasHost = false
    private var hasUpgrade = false
    /// How many names `Connection` has listed.
    private var nameCount: UInt8 = 0
    private let isRequest: Bool

    /// `ofRequest`: `Host` and `Expect` mean something only there.
    public init(ofRequest: Bool) { isRequest = ofRequest }

    deinit { unsafe marks.deallocate() }

    /// The fields this proxy understands, in the order they came; `index` is below `markCount`.
    @inlinable public func mark(_ index: Int) -> Mark {
        precondition(index >= 0 && index < markCount)
        return unsafe marks[index]
    }
}

extension Fields {
    /// Forgets all fields.
    mutating func reset() {
        markCount = 0
        connection = []
        contentLength = nil
        isChunked = false
        host = .nothing
        upgrade = .nothing
        isWebSocket = false
        expectsContinue = false
        expectsUnknown = false
        hasDate = false
        hasCookie = false
        hasHost = false
        hasUpgrade = false
        nameCount = 0
    }

    /// Reads fields from `start` on to the empty line. `end` is where the head ends then.
    mutating func parse(_ bytes: Span<UInt8>, from start: Int, limits: HeadLimits, end: inout Int) -> HeadOutcome {
        var index = start
        var count = 0
        while true {
            if let outcome = passUsual(bytes, from: &index, count: &count, limits) { return outcome }
            guard index < bytes.count else { return .incomplete }
            if bytes[index] == 13 {
                guard index + 1 < bytes.count else { return .incomplete }
                guard bytes[index + 1] == 10 else { return .bad(.malformed) }
                lines = Slice(start, index)
                end = index + 2
                return .complete
            }
            count += 1
            guard count <= limits.fields else { return .bad(.tooLarge) }
            if let outcome = takeUnusual(bytes, from: &index, limits) { return outcome }
        }
    }

    /// Lines of the usual kind, sixteen bytes at a time and more. Nil when all goes on.
    private mutating func passUsual(
        _ bytes: Span<UInt8>, from index: inout Int, count: inout Int, _ limits: HeadLimits
    ) -> HeadOutcome? {
        unsafe withUnsafeTemporaryAllocation(of: scan_line.self, capacity: Fields.room) { found in
            // It reads inside [index, count) only, and writes at most `room` lines.
            let passed = unsafe bytes.withUnsafeBufferPointer {
                unsafe scan_pass_over(
                    $0.baseAddress, index, $0.count, max(0, limits.fields - count), found.baseAddress, Fields.room)
            }
            for number in 0..<Int(passed.found) {
                let line = unsafe found[number]
                let (start, colon, end) = (Int(line.start), Int(line.colon), Int(line.end))
                let name = FieldName.of(bytes, Slice(start, colon))
                if name == .other { continue }
                let fault = take(name, Slice(start, end + 2), Slice(colon + 1, end), bytes, limits)
                if let fault { return .bad(fault) }
            }
            index = Int(passed.end)
            count += Int(passed.passed)
            return nil
        }
    }

    /// A line that is rare, wrong, or not all here. Nil when all goes on.
    private mutating func takeUnusual(
        _ bytes: Span<UInt8>, from index: inout Int, _ limits: HeadLimits
    ) -> HeadOutcome? {
        let start = index
        // A line that begins with a space continues the one before (obs-fold): not a token, so refused here.
        var colon = endOfPlainToken(bytes, from: start)
        guard colon < bytes.count else { return .incomplete }
        let isUnderscored = bytes[colon] == 95
        if isUnderscored {
            while colon < bytes.count, bytes[colon].isToken { colon += 1 }
            guard colon < bytes.count else { return .incomplete }
        }
        guard colon > start, bytes[colon] == 58 else { return .bad(.malformed) }
        let name = isUnderscored ? underscored : FieldName.of(bytes, Slice(start, colon))
        let end = endOfText(bytes, from: colon + 1)
        guard end + 1 < bytes.count else {
            return end == bytes.count || bytes[end] == 13 ? .incomplete : .bad(.malformed)
        }
        guard bytes[end] == 13, bytes[end + 1] == 10 else { return .bad(.malformed) }
        index = end + 2
        if name == .other { return nil }
        return take(name, Slice(start, index), Slice(colon + 1, end), bytes, limits).map { .bad($0) }
    }

    private mutating func take(
        _ name: FieldName, _ line: Slice, _ value: Slice, _ bytes: Span<UInt8>, _ limits: HeadLimits
    ) -> HeadFault? {
        guard line.end <= HeadLimits.bytesLimit, markCount < Fields.room else { return .tooLarge }
        let mark = Mark(name, line: line, value: trimmed(bytes, value))
        unsafe (marks + markCount).initialize(to: mark)
        markCount += 1
        switch mark.name {
        case .connection: return takeConnection(mark.value, bytes)
        case .contentLength:
            // Even the same length twice: whoever adds one is either broken or attacking.
            guard contentLength == nil, let length = decimal(bytes, mark.value) else { return .framing }
            contentLength = length
        case .transferEncoding:
            guard !isChunked else { return .framing }
            guard isSame(bytes, mark.value, as: "chunked") else { return codingFault(mark.value, bytes) }
            isChunked = true
        case .host where isRequest:
            guard !hasHost, isAuthority(bytes, mark.value, escapes: limits.takesEscapedHosts) else { return .malformed }
            hasHost = true
            host = mark.value
        case .upgrade: return takeUpgrade(mark.value, bytes)
        case .expect where isRequest:
            if isSame(bytes, mark.value, as: "100-continue") { expectsContinue = true } else { expectsUnknown = true }
        case .cookie: hasCookie = true
        case .date: hasDate = true
        default: break
        }
        return nil
    }

    private var underscored: FieldName { isRequest ? .underscored : .other }

    /// Another HTTP, or TLS around it, is no upgrade for us: the requests in it would pass unseen. That offer is ignored.
    private mutating func takeUpgrade(_ value: Slice, _ bytes: Span<UInt8>) -> HeadFault? {
        var isWellFormed = !hasUpgrade
        var (offers, hidden) = (0, 0)
        forEachToken(bytes, value) { token in
            let slash = place(of: 47, in: token.range, bytes)
            let name = Slice(Int(token.start), slash)
            isWellFormed = isWellFormed && isToken(bytes, name)
            if slash < Int(token.end) {
                isWellFormed = isWellFormed && isToken(bytes, Slice(slash + 1, Int(token.end)))
            }
            let hidesRequests =
                isSame(bytes, name, as: "h2c") || isSame(bytes, name, as: "h2") || isSame(bytes, name, as: "http")
                || isSame(bytes, name, as: "tls")
            offers += 1
            hidden += hidesRequests ? 1 : 0
        }
        hasUpgrade = true
        // Of an upstream only the list that comes with 101 matters, and that has one protocol.
        guard isWellFormed || !isRequest else { return .malformed }
        upgrade = isWellFormed && offers > 0 && hidden == 0 ? value : .nothing
        isWebSocket = isWellFormed && isSame(bytes, value, as: "websocket")
        return nil
    }

    private mutating func takeConnection(_ value: Slice, _ bytes: Span<UInt8>) -> HeadFault? {
        forEachToken(bytes, value) { token in
            if isSame(bytes, token, as: "close") {
                connection.insert(.close)
            } else if isSame(bytes, token, as: "keep-alive") {
                connection.insert(.keepAlive)
            } else if isSame(bytes, token, as: "upgrade") {
                connection.insert(.upgrade)
            } else {
                connection.insert(.names)
                nameCount += nameCount < .max ? 1 : 0
            }
        }
        // Each field is compared with each of these names: without a bound, one request could cost many milliseconds.
        return nameCount > 64 ? .tooLarge : nil
    }

    /// A coding we do not know is the client's honest mistake; a list or a doubled `chunked` never is.
    private func codingFault(_ value: Slice, _ bytes: Span<UInt8>) -> HeadFault {
        isToken(bytes, value) ? .unknownCoding : .framing
    }

    /// Whether `Connection` names the field in `line`, which begins with its name.
    public func names(_ bytes: Span<UInt8>, _ name: Slice) -> Bool {
        var found = false
        for index in 0..<markCount where mark(index).name == .connection {
            forEachToken(bytes, mark(index).value) { token in
                guard token.count == name.count else { return }
                found = found || zip(token.range, name.range).allSatisfy { bytes[$0] | 0x20 == bytes[$1] | 0x20 }
            }
        }
        return found
    }
}

/// Calls `body` with each element of a comma-separated list, trimmed; empty elements are skipped.
public func forEachToken(_ bytes: Span<UInt8>, _ list: Slice, _ body: (Slice) -> Void) {
    var start = Int(list.start)
    for index in list.range where bytes[index] == 44 {
        let token = trimmed(bytes, Slice(start, index))
        if !token.isEmpty { body(token) }
        start = index + 1
    }
    let token = trimmed(bytes, Slice(start, Int(list.end)))
    if !token.isEmpty { body(token) }
}

private func isToken(_ bytes: Span<UInt8>, _ slice: Slice) -> Bool {
    !slice.isEmpty && slice.range.allSatisfy { bytes[$0].isToken }
}

/// Digits only, at most eighteen of them: no sign, no blank, no overflow.
private func decimal(_ bytes: Span<UInt8>, _ slice: Slice) -> UInt64? {
    guard slice.end <= bytes.count else { return nil }
    // It reads inside the slice only.
    let number = unsafe bytes.withUnsafeBufferPointer {
        unsafe scan_decimal($0.baseAddress, Int(slice.start), Int(slice.end))
    }
    return number < 0 ? nil : UInt64(number)
}
