package import FoundationEssentials

/// A program that waits until a person has allowed it (RFC 8628).
package struct DeviceRecord: Hashable, Sendable {
    /// SHA-256 of the code by which the program asks.
    package let deviceHash: [UInt8]
    /// SHA-256 of the code that the person types.
    package let userHash: [UInt8]
    /// What the program says about the machine it runs on.
    package let host: String
    /// Where its request came from.
    package let address: String
    /// Names of the rights that it asks for, of whoever allows it.
    package let rights: [String]
    package let state: State
    /// Who decided.
    package let person: Int64?
    /// How long the program has to wait between two questions, in seconds.
    package let pause: Int64
    /// When it asked last.
    package let askedAt: Date?
    package let createdAt: Date
    package let expiresAt: Date

    package enum State: String, Sendable, CaseIterable { case waiting, allowed, denied }

    package init(
        deviceHash: [UInt8], userHash: [UInt8], host: String, address: String, rights: [String],
        state: State = .waiting, person: Int64? = nil, pause: Int64, askedAt: Date? = nil, createdAt: Date,
        expiresAt: Date
    ) {
        self.deviceHash = deviceHash
        self.userHash = userHash
        self.host = host
        self.address = address
        self.rights = rights
        self.state = state
        self.person = person
        self.pause = pause
        self.askedAt = askedAt
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

/// What a program that asks is told.
package enum DeviceAnswer: Hashable, Sendable {
    /// Nobody has decided yet.
    case waiting
    /// Neither, and the program asked before its pause was over; the pause is longer now.
    case tooSoon
    case denied
    /// Nobody decided in time.
    case expired
    /// The record, which is gone now: this is told once.
    case allowed(DeviceRecord)
}
