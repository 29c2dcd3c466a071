import OrreryModel

/// What a session's state machine wants done. Actions are carried out in the order in which they are given; one that is
/// stored is stored before the next that reaches out begins.
enum SessionAction: Hashable, Sendable {
    /// Store the new state and the sentence, and tell both to whoever watches.
    case enter(SessionState, String)
    /// Store and tell a sentence; the state stays.
    case say(String)
    /// Store and tell a sentence beside the session's own, which stays.
    case remark(String)
    /// Store which pod is ours; nil that there is none.
    case keepPod(uid: String?)
    /// Store where the server is.
    case keepAddress(String)
    /// Make the helpers and the pod, or find the pod made before. Answered by `created` or `refused`.
    case create
    /// Lead the person's requests to the address. Answered by `routed`.
    case openRoute(String)
    /// Ask through the proxy whether the server answers. Answered by `answered`.
    case ask
    /// Ask the server itself, at its own address, whether it listens. Answered by `knocked`.
    case knock(String)
    case closeRoute
    /// Store the log's tail when there is one, then ask for the pod's deletion. Answered by `deletion`.
    case delete(keepingLog: Bool)
    /// Ask the cluster whether the pod really is gone. Answered by `pod` or `vanished`.
    case lookAgain(whileAway: Bool)
    /// Remove the helpers and the route for good. Answered by `cleaned`.
    case cleanUp
    case finish(Ending)
    /// Store that it waits for room again, and let go of it: nothing of it is on the cluster any more.
    case giveBack(QuotaShortage, String)
    /// Find out how long it has lived and rested. Answered by `reviewed`.
    case review
    /// Show a warning beside the session, and store and tell it; nil takes the one that is shown away.
    case warn(String?)
    /// Start or restart a time limit. Answered by `elapsed`, once.
    case wait(SessionLimit, Duration)
    case forget(SessionLimit)
}

extension SessionAction {
    /// Whether it asks the cluster, the proxy or the server for something, so that what was decided before must be stored.
    var reachesOut: Bool {
        switch self {
        case .create, .openRoute, .ask, .closeRoute, .delete, .lookAgain, .cleanUp, .review: true
        case .enter, .say, .remark, .keepPod, .keepAddress, .finish, .giveBack, .warn, .wait, .forget, .knock: false
        }
    }
}

/// The times that a session may wait for. Each runs at most once at a time.
enum SessionLimit: String, Hashable, Sendable, CaseIterable {
    case start, room, claims, volumes, silence, sandbox, image, configuration, listening, answer, stop
    /// Until the limits of a life are looked at again.
    case review
    /// Until a session ends whose person lost a right.
    case revocation
    /// Until a call that failed is made again.
    case retry
    /// Until the server is asked again.
    case ask
    /// The same, at its own address.
    case knock
}

/// What became of the wish to delete a session's pod.
enum Deletion: Hashable, Sendable {
    /// It ends within the grace.
    case accepted(grace: Duration)
    /// There is no pod of this session.
    case gone
    case failed(String)
}
