// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// Why a head is not understood. Nothing after such a head can be trusted: the connection ends with it.
public enum HeadFault: Error, Equatable, Sendable {
    /// A line, name, value or target that the grammar does not allow.
    case malformed
    /// Lengths that contradict each other, or of which there is more than one (RFC 9112 6.3).
    case framing
    /// A transfer coding other than chunked.
    case unknownCoding
    case unknownVersion
    case unknownExpectation
    case targetTooLong
    case tooLarge

    /// The status that tells a client.
    public var status: Int {
        switch self {
        case .malformed, .framing: 400
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .tooLarge: 431
        case .unknownCoding: 501
        case .unknownVersion: 505
        }
    }
}

/// What bounds a head. More than these is refused.
public struct HeadLimits: Sendable {
    public var bytes = 32 << 10 { didSet { bytes = min(bytes, Self.bytesLimit) } }
    public var target = 16 << 10
    public var fields = 200
    /// A `Host` may have `%` and two digits. Programs that speak through a socket in the file system say its path so,
    /// and there it leads nowhere else; elsewhere two readers would undo it at different times.
    public var takesEscapedHosts = false

    /// What `bytes` can be at most.
    static let bytesLimit = Int(UInt16.max)

    public init() {}
}

/// The result of looking for a head at the beginning of some bytes.
public enum HeadOutcome: Equatable, Sendable {
    case complete
    /// Its end has not come yet.
    case incomplete
    case bad(HeadFault)
}
