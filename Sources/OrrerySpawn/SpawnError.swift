import OrreryStore

/// Why a session was not started or stopped. The sentence is for the person who asked; nothing was changed.
package struct SpawnError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    /// What happened and what next, in full sentences.
    package let sentence: String

    package enum Kind: String, Sendable {
        /// The person has a session of this server name already.
        case alreadyRunning
        case unknownCluster
        /// The cluster cannot be reached now: another one, or later.
        case clusterAway
        case unknownSession
        /// The hub is starting or ending, or its database does not answer: later.
        case notNow
    }

    package init(_ kind: Kind, _ sentence: String) {
        self.kind = kind
        self.sentence = sentence
    }

    package var description: String { sentence }
}

extension SpawnError {
    init(_ error: StoreError) {
        switch (error.kind, error.contested) {
        case (.conflict, .liveSession?):
            self.init(.alreadyRunning, "You have a session of this name already. Open it, or stop it first.")
        case (.missing, _):
            self.init(.unknownSession, "There is no such session.")
        default:
            self.init(.notNow, "The hub cannot reach its database right now. Try again in a moment.")
        }
    }
}
