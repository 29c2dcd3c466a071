import OrreryModel

extension SessionState {
    /// Whether a session in this state may be reached through the proxy.
    var mayHaveRoute: Bool {
        switch self {
        case .answering, .ready, .unreachable: true
        case .queued, .creating, .scheduled, .volumes, .image, .starting, .stopping, .ended: false
        }
    }
}
