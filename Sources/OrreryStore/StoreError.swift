/// Why the store could not do what was asked: what happened, whose doing it is, and what helps. The sentence names no
/// token, no hash and no value of a column, so it may stand in a log line and on a page.
package struct StoreError: Error, Hashable, Sendable {
    package let kind: Kind
    /// What is already there; set when `kind` is `.conflict`.
    package let contested: Contested?
    /// What happened, as a sentence without a full stop.
    package let message: String
    /// What helps, as a sentence without a full stop.
    package let next: String

    package enum Kind: String, Sendable {
        /// Another writer held the database for longer than we wait. Nothing was changed; trying again is right.
        case busy
        /// The database cannot be opened, read or written: a full disk, a missing directory, a schema of a newer
        /// version. The operator's to mend. Whoever asks must be told "not now" (503), never "no".
        case unavailable
        /// What was asked contradicts what is stored. Nothing was changed; the caller asks for something else.
        case conflict
        /// The record that was to be changed does not exist, or not any more.
        case missing
        /// What is stored cannot be understood: a damaged file, or rows changed by another hand.
        case corrupt
        /// The task that asked was cancelled. Nothing was changed.
        case cancelled
    }

    /// What two callers wanted at once, or one wanted a second time.
    package enum Contested: String, Sendable {
        /// The person's name was given to somebody else, now or ever.
        case name
        /// The uid was given to somebody else, now or ever.
        case uid
        /// The identity is a person's here, or was.
        case identity
        /// The person has a session with this server name that has not ended, or its prefix is in use.
        case liveSession
        /// The code was shown before.
        case code
        /// A code that somebody shall type is in use.
        case userCode
        /// The person has as many tokens as one may have.
        case tokens
        /// The session has ended and stays ended.
        case ended
        /// The name is or was another cluster's.
        case clusterName
        /// The key is or was another cluster's.
        case clusterKey
        /// A cluster that is a member has the same kube-system uid.
        case clusterUID
        /// The join token is used up or not good any more.
        case invite
    }

    /// Who has to act.
    package enum Doing: String, Sendable { case caller, `operator`, nobody }

    package init(_ kind: Kind, _ message: String, next: String, contested: Contested? = nil) {
        self.kind = kind
        self.contested = contested
        self.message = message
        self.next = next
    }

    package var doing: Doing {
        switch kind {
        case .conflict, .missing: .caller
        case .unavailable, .corrupt: .operator
        case .busy, .cancelled: .nobody
        }
    }

    /// Whether the same call may succeed a moment later without anybody doing anything.
    package var mayRetry: Bool { kind == .busy }
}

extension StoreError: CustomStringConvertible {
    package var description: String { "\(message); \(next)" }
}
