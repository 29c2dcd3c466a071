internal import OrreryModel

/// The way of a session from the click to the notebook. With JavaScript it follows the events of `eventsHref` and goes
/// to `readyHref` by itself; without, it asks again every few seconds.
struct ProgressPage: Page {
    static let template = "progress"

    let frame: Frame
    let title: String
    /// "JupyterLab 4 · small · North"
    var subtitle: String?
    let phases: [ProgressPhase]
    /// "You are 2nd in the queue: …", while it waits for room.
    var queue: String?
    /// Everything that happened so far.
    let events: [ProgressEvent]
    /// The server-sent events after the last one of `events`; see `ProgressEvent.serverSent`. Nil when nothing more will come.
    let eventsHref: String?
    /// The notebook. The page goes there when the state is ready.
    let readyHref: String
    /// Where the cancel button posts to.
    var cancelAction: String?
    /// Set when it failed: then nothing moves any more.
    var failure: ProgressFailure?
    /// Set when the notebook is there: the page offers it and goes on by itself.
    var isReady = false
}

/// Why a session did not start, or is over.
struct ProgressFailure: Sendable {
    /// The heading.
    var title = "It did not start"
    /// What happened, as a sentence.
    let sentence: String
    var next: String?
    /// The end of the notebook's own output, where there was one.
    var log: String?
    /// Back to where it can be tried again.
    let retryHref: String
}

/// One step of the way as the page shows it.
struct ProgressPhase: Sendable {
    let title: String
    let status: Status
    /// The states of a session that belong to it, separated by spaces: what the page's script looks for.
    let states: String

    enum Status: String, Sendable { case done, current, pending, failed }

    /// All phases for a session in `state`. For one that failed, `state` is the last one it reached.
    static func all(at state: SessionState, failed: Bool = false) -> [ProgressPhase] {
        let reached = state.isPending ? order.firstIndex { $0.states.contains(state) } ?? 0 : order.count
        return order.enumerated().map { index, phase in
            let status: Status = index < reached ? .done : index > reached ? .pending : failed ? .failed : .current
            return ProgressPhase(
                title: phase.title, status: status, states: phase.states.map(\.rawValue).joined(separator: " "))
        }
    }

    private static let order: [(title: String, states: [SessionState])] = [
        ("Waiting for room", [.queued]),
        ("Asking the cluster", [.creating]),
        ("Finding a place", [.scheduled]),
        ("Connecting your files", [.volumes]),
        ("Fetching the software", [.image]),
        ("Starting the notebook", [.starting]),
        ("Waiting for its first answer", [.answering]),
    ]
}
