// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// The head of a response, as places in the bytes it was read from. As strict as `RequestHead`.
public struct ResponseHead: ~Copyable {
    public private(set) var length = 0
    public private(set) var status = 0
    /// The status and the reason as they were sent: `200 OK`.
    public private(set) var statusLine: Slice = .nothing
    public private(set) var isHTTP10 = false
    public private(set) var fields = Fields(ofRequest: false)
    /// What the lengths say; whether there is a body at all depends on the request too.
    public private(set) var body: BodyFraming = .untilEnd

    public init() {}

    /// Whether the server lets the connection go on after the body.
    public var keepsAlive: Bool {
        if fields.connection.contains(.close) { return false }
        return !isHTTP10 || fields.connection.contains(.keepAlive)
    }

    /// Reads a head from the beginning of `bytes`. Only when it is `.complete` may anything of it be used.
    public mutating func parse(_ bytes: Span<UInt8>, limits: HeadLimits) -> HeadOutcome {
        fields.reset()
        body = .untilEnd
        // "HTTP/1.1 200" is twelve bytes, and a blank or CR must follow.
        guard bytes.count > 12 else { return isBeginning(bytes) ? .incomplete : .bad(.malformed) }
        guard begins(bytes, 0, "HTTP/1."), bytes[8] == 32, bytes[7] == 48 || bytes[7] == 49 else {
            return .bad(.malformed)
        }
        isHTTP10 = bytes[7] == 48
        guard bytes[9].isDigit, bytes[10].isDigit, bytes[11].isDigit, bytes[9] != 48 else { return .bad(.malformed) }
        status = Int(bytes[9] - 48) * 100 + Int(bytes[10] - 48) * 10 + Int(bytes[11] - 48)
        guard bytes[12] == 32 || bytes[12] == 13 else { return .bad(.malformed) }
        let end = endOfText(bytes, from: 12)
        guard end + 1 < bytes.count else { return bytes.count >= limits.bytes ? .bad(.tooLarge) : .incomplete }
        guard bytes[end] == 13, bytes[end + 1] == 10 else { return .bad(.malformed) }
        statusLine = Slice(9, end)
        let outcome = fields.parse(bytes, from: end + 2, limits: limits, end: &length)
        switch outcome {
        case .incomplete where bytes.count >= limits.bytes: return .bad(.tooLarge)
        case .complete where length > limits.bytes: return .bad(.tooLarge)
        case .complete: return settle()
        default: return outcome
        }
    }

    /// Whether a first line can begin so. Else whoever speaks another protocol would be waited for.
    private func isBeginning(_ bytes: Span<UInt8>) -> Bool {
        guard Slice(0, min(7, bytes.count)).isPrefix(of: "HTTP/1.", bytes) else { return false }
        for index in min(7, bytes.count)..<bytes.count {
            let byte = bytes[index]
            switch index {
            case 7: guard byte == 48 || byte == 49 else { return false }
            case 8: guard byte == 32 else { return false }
            case 9: guard byte.isDigit, byte != 48 else { return false }
            default: guard byte.isDigit else { return false }
            }
        }
        return true
    }

    private mutating func settle() -> HeadOutcome {
        if fields.isChunked {
            guard fields.contentLength == nil, !isHTTP10 else { return .bad(.framing) }
            body = .chunked
        } else if let length = fields.contentLength {
            body = length == 0 ? .none : .length(length)
        }
        return .complete
    }
}
