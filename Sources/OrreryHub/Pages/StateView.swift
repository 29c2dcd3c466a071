internal import OrreryModel

/// The state of a session in a word and a colour.
struct StateView: Sendable {
    let title: String
    /// `good`, `busy`, `warning`, `failed` or `idle`: the class of the badge.
    let tone: String

    init(_ state: SessionState) {
        (title, tone) =
            switch state {
            case .queued: ("Waiting", "busy")
            case .creating, .scheduled, .volumes, .image, .starting, .answering: ("Starting", "busy")
            case .ready: ("Running", "good")
            case .unreachable: ("Cluster unreachable", "warning")
            case .stopping: ("Stopping", "busy")
            case .ended: ("Ended", "idle")
            }
    }
}
