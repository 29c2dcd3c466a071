/// Why a head is not understood. Nothing after such a head can be trusted: the connection ends with it.
package enum HeadFault: Error, Equatable, Sendable {
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
    package var status: Int {
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
package struct HeadLimits: Sendable {
    package var bytes = 32 << 10
    package var target = 16 << 10
    package var fields = 200

    package init() {}
}

/// The result of looking for a head at the beginning of some bytes.
package enum HeadOutcome: Equatable, Sendable {
    case complete
    /// Its end has not come yet.
    case incomplete
    case bad(HeadFault)
}
