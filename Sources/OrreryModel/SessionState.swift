/// Where a session is between the click and its end. The order is the order in which a person sees the phases.
package enum SessionState: String, Codable, Sendable, CaseIterable {
    case queued
    case creating
    case scheduled
    case volumes
    case image
    case starting
    case answering
    case ready
    /// The cluster cannot be seen. The pod may well be running: nothing is stopped for it.
    case unreachable
    case stopping
    case ended

    /// Whether the person's click is still on its way to a notebook.
    package var isPending: Bool {
        switch self {
        case .queued, .creating, .scheduled, .volumes, .image, .starting, .answering: true
        case .ready, .unreachable, .stopping, .ended: false
        }
    }
}

/// Why a session is over, in one word for code and pages to branch on; the sentence stands beside it in the record.
package enum EndReason: String, Codable, Sendable {
    case stoppedByPerson
    case finished
    case failedToStart
    case crashed
    case lifetime
    /// Nobody had used it for as long as its profile allows.
    case idle
    /// Its person lost the right to files that it shows.
    case revoked
    case lost
}
