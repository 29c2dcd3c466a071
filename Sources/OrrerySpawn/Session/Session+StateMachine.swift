import FoundationEssentials
import OrreryKubernetes
import OrreryModel
import OrreryStore

extension Session {
    /// Decides what happens with one session; does nothing itself and has no clock.
    ///
    ///     queued → creating → scheduled → volumes → image → starting → answering → ready → stopping → ended
    ///                                                                ready ⇄ unreachable
    ///
    /// The phases before `ready` are only ever left forwards, but for `creating`: where a quota of the cluster's own is full,
    /// or no node has room, the session waits again, and this machine is done with it. `stopping` begins with the reason that `ended` will give,
    /// and lasts until the pod's object is gone. Nothing is concluded from silence: a cluster that cannot be seen stops
    /// the limits, not the session.
    struct StateMachine: ~Copyable {
        private(set) var state: SessionState
        var podUID: String?
        var address: String?
        /// Why it ends, from the moment that this is decided.
        var ending: Ending?
        /// What its person calls the cluster.
        let cluster: String
        let image: String
        let port: UInt16
        let patience: Patience
        let life: Plan.Life

        /// The call that is under way; its answer will come.
        var underWay: Call?
        /// Another grace was wished for while the pod was being deleted.
        var isHurried = false
        /// What the retry limit will do again.
        var retry: SessionAction?
        var failures = 0
        var isUnseen: Bool
        var isUnshown = false
        var isUnwell = false
        var hasRun = false
        var isRouted = false
        /// The address at which the server itself is asked, and how often it was silent.
        var knocking: String?
        var knocks = 0
        /// The cluster has called it ready: from then on, not being so is news.
        var wasReady: Bool
        /// The kubelet's word for the last refusal of the image, and how many there were.
        var lastRefusal: String?
        var refusals = 0
        var isGrowing = false
        /// The newest look at our pod from before we heard that it was made: the watch may be faster than the answer.
        var early: Pod?
        /// The pod is gone and what is left is tidied up.
        var isGone = false
        /// A complete picture came without our pod while it was being deleted, and whether that was a hub's first one.
        var missed: Bool?
        /// The last of our pods that was seen to go: it may go before we hear that it was made, and what is still heard
        /// of it says nothing.
        var lastGone: String?
        /// What the kubelet got from the program when it asked.
        var lastProbe: String?
        /// A node refused the pod after all: it goes, and another is made. Once.
        var isMovingOn = false
        var hasMovedOn = false
        /// What the cluster has not enough of, while what was made there already is removed.
        var shortfall: (QuotaShortage, String)?
        /// It waits for room again, and this machine is done with it.
        private(set) var isGivenBack = false
        /// How often the cluster has started the program again.
        var restarts = 0
        /// When a session that nobody uses is stopped, once its person was warned.
        var idleStop: Date?
        var withdrawn: Withdrawal?
        /// When the revocation limit runs out, as its person was told; of the last one that was started.
        var revocationEnd: Date?
        var warnings: [WarningCause: String] = [:]
        var shownWarning: String?
        /// What the cluster said last about a trouble.
        var lastWords: String?
        var limits: Set<SessionLimit> = []
        /// Sentences that were told, so that a cluster repeating itself is heard once.
        var told: Set<String>

        init(_ session: SessionRecord, on cluster: String, patience: Patience, told: some Sequence<String>) {
            state = session.state
            podUID = session.podUID
            address = session.address
            ending = session.state == .stopping ? Ending(resuming: session) : nil
            self.cluster = cluster
            image = session.plan.environment.image
            port = session.plan.environment.port
            isUnseen = session.state == .unreachable
            wasReady = session.readyAt != nil
            self.patience = patience
            life = session.plan.life
            self.told = Set(told)
        }

        enum Call { case create, delete, cleanUp }

        var isCalling: Bool { underWay != nil }

        /// What is going on may not be seen.
        var isBlind: Bool { isUnseen || isUnshown }
    }
}

extension Session.StateMachine {
    /// Goes on where the record stands: at the click, or after the hub was away.
    mutating func begin() -> [SessionAction] {
        switch state {
        case .queued: [start(.start, patience.start)] + ask() + [call(.create)]
        case .creating: [start(.start, patience.start), call(.create)]
        // Without a pod it was on its way from one to another: see `moveOn` and `retreat`.
        case .scheduled, .volumes, .image, .starting, .answering: onItsWay()
        case .ready: (address.map { [.openRoute($0)] } ?? []) + beginReviews()
        case .unreachable: address.map { [.openRoute($0)] } ?? []
        case .stopping: [.closeRoute, call(.delete(keepingLog: false))]
        case .ended: []
        }
    }

    private mutating func onItsWay() -> [SessionAction] {
        // Whether its route was opened is not stored: the server is asked again, and the route opened again.
        if state == .answering { state = .starting }
        return [start(.start, patience.start)] + (podUID == nil ? [call(.create)] : [])
    }

    /// What a person reads while the cluster is asked for the pod.
    static func asking(_ cluster: String) -> String { "Asking \(cluster) for a place." }

    /// A session that has just been made is stored with this step.
    private mutating func ask() -> [SessionAction] {
        let sentence = Self.asking(cluster)
        guard told.contains(sentence) else { return [enter(.creating, sentence)] }
        state = .creating
        return []
    }

    /// The person, or somebody for them, wants it to end. `again`: also when it is ending already, with another grace.
    mutating func stop(_ wish: Ending, again: Bool = false) -> [SessionAction] {
        guard state != .ended else { return [] }
        guard ending == nil else { return again ? hurry() : [] }
        return end(wish)
    }

    /// Its pod is deleted once more; where that is being done already, when it is answered: the new grace may have come too late
    /// for it.
    private mutating func hurry() -> [SessionAction] {
        isHurried = underWay == .delete
        return isCalling || isGone ? [] : [call(.delete(keepingLog: false))]
    }

    /// Turns to the end. The order is the promise: the reason is stored first, then no request reaches the pod any more,
    /// and only then is it deleted.
    mutating func end(_ ending: Ending, keepingLog: Bool = false) -> [SessionAction] {
        self.ending = ending
        isMovingOn = false
        retry = nil
        var actions = [enter(.stopping, ending.sentence)] + forgetAll() + [.closeRoute]
        isRouted = false
        // While a call is under way its answer decides what there is to delete.
        if !isCalling { actions.append(call(isGone ? .cleanUp : .delete(keepingLog: keepingLog && hasRun))) }
        return actions
    }

    /// The cluster is gone, and with it whoever could be asked: it ends as it is, and nothing there is touched.
    mutating func abandoned(_ ending: Ending) -> [SessionAction] {
        guard state != .ended else { return [] }
        self.ending = ending
        isRouted = false
        state = .ended
        return forgetAll() + [.closeRoute, .finish(ending)]
    }

    /// The object of a pod that was made for this session was deleted.
    mutating func gone(uid: String) -> [SessionAction] {
        lastGone = uid
        return podUID == nil || podUID == uid ? vanished(whileAway: false) : []
    }

    /// The pod is gone for good. While one is being made the answer to that decides: it may be another.
    mutating func vanished(whileAway: Bool) -> [SessionAction] {
        guard state != .ended, !isGone, underWay != .create, podUID != nil || state == .stopping else { return [] }
        if isMovingOn { return comeAgain() }
        isGone = true
        if shortfall != nil, ending == nil {
            podUID = nil
            return forgetAll() + [call(.cleanUp)]
        }
        var actions: [SessionAction] = []
        if ending == nil {
            let lost = Ending.lost(
                whileAway
                    ? "it was lost while the hub was away. \(cluster) has no pod of it any more."
                    : "its pod vanished from \(cluster).")
            ending = lost
            actions = [enter(.stopping, lost.sentence)] + forgetAll() + [.closeRoute]
            isRouted = false
        }
        return actions + forgetAll() + [call(.cleanUp)]
    }

    /// The pod that a node refused goes, and another one is made; a node that has said no is full for the scheduler too.
    mutating func moveOn(_ why: String) -> [SessionAction] {
        isMovingOn = true
        hasMovedOn = true
        // A hub that is started meanwhile asks for another pod, and does not take this one for lost.
        return say("\(why) Trying another node.") + [.keepPod(uid: nil), call(.delete(keepingLog: false))]
    }

    private mutating func comeAgain() -> [SessionAction] {
        lastGone = podUID
        // The watch may be faster than the answer, which must not be taken for that of a later call.
        guard underWay != .delete else { return [] }
        isMovingOn = false
        podUID = nil
        early = nil
        knocking = nil
        return forget(.stop) + forget(.knock) + [call(.create)]
    }

    /// What became of the wish to delete the pod.
    mutating func deletion(_ outcome: Deletion) -> [SessionAction] {
        guard underWay == .delete else { return [] }
        underWay = nil
        defer { missed = nil }
        if let podUID, podUID == lastGone { return vanished(whileAway: false) }
        switch outcome {
        case .accepted(let grace):
            failures = 0
            guard !isHurried else {
                isHurried = false
                return [call(.delete(keepingLog: false))]
            }
            let look = missed.map { [SessionAction.lookAgain(whileAway: $0)] } ?? []
            return [start(.stop, grace + patience.stop)] + look
        case .gone: return vanished(whileAway: false)
        case .failed(let why): return again(.delete(keepingLog: false), saying: "It cannot be removed yet: \(why)")
        }
    }

    mutating func cleaned(_ problem: String?) -> [SessionAction] {
        underWay = nil
        guard ending != nil || shortfall != nil else { return [] }
        if let problem { return again(.cleanUp, saying: "It cannot be tidied up yet: \(problem)") }
        if let ending {
            // It was to wait for room without ever having had a pod; one that was wished for may have been made after all.
            if shortfall != nil, !isGone { return lookForLatecomer() }
            state = .ended
            return forgetAll() + [.finish(ending)]
        }
        if let latecomer { return sendAway(latecomer) }
        return giveBack()
    }

    /// The uid of a pod that an earlier wish has made after all, and that the watch has shown while none was ours.
    var latecomer: String? {
        guard let uid = early?.metadata.uid, uid != lastGone else { return nil }
        return uid
    }

    /// What it needs is removed already, so the pod goes, too: the session waits as if it had never been there.
    private mutating func sendAway(_ uid: String) -> [SessionAction] {
        early = nil
        podUID = uid
        isGone = false
        return [call(.delete(keepingLog: false))]
    }

    private mutating func lookForLatecomer() -> [SessionAction] {
        shortfall = nil
        early = nil
        podUID = nil
        return [call(.delete(keepingLog: false))]
    }

    /// Nothing of it is on the cluster any more, and nobody has ended it meanwhile.
    private mutating func giveBack() -> [SessionAction] {
        guard let (shortage, sentence) = shortfall else { return [] }
        state = .queued
        isGivenBack = true
        return forgetAll() + [.giveBack(shortage, sentence)]
    }
}

extension Session.StateMachine {
    mutating func enter(_ state: SessionState, _ sentence: String) -> SessionAction {
        let sentence = sentence.shortened(to: Ending.longest)
        self.state = state
        told.insert(sentence)
        return .enter(state, sentence)
    }

    /// Says `sentence` unless it was said before, or too much was. Once the end is decided its sentence stays the session's
    /// newest: after a restart it tells the reason.
    mutating func say(_ sentence: String) -> [SessionAction] {
        let sentence = sentence.shortened(to: Ending.longest)
        guard told.count < Self.mostSentences, told.insert(sentence).inserted else { return [] }
        return [ending == nil ? .say(sentence) : .remark(sentence)]
    }

    /// A counter in a cluster's text makes a new sentence of it each time.
    private static var mostSentences: Int { 200 }

    mutating func call(_ action: SessionAction) -> SessionAction {
        underWay = Call(action)
        retry = nil
        return action
    }

    /// Plans to do `action` again, after a time that grows with every failure in a row up to half a minute.
    mutating func again(_ action: SessionAction, saying sentence: String) -> [SessionAction] {
        retry = action
        failures += 1
        return say(sentence) + [start(.retry, min(.seconds(1 << min(failures - 1, 5)), .seconds(30)))]
    }

    mutating func start(_ limit: SessionLimit, _ duration: Duration) -> SessionAction {
        limits.insert(limit)
        return .wait(limit, duration)
    }

    /// Does now what was planned to be done again.
    mutating func redo() -> [SessionAction] {
        guard let action = retry else { return [] }
        retry = nil
        if case .openRoute = action { return [action] }
        return [call(action)]
    }

    /// Starts a limit that does not run yet.
    mutating func startOnce(_ limit: SessionLimit, _ duration: Duration) -> [SessionAction] {
        limits.contains(limit) ? [] : [start(limit, duration)]
    }

    mutating func forget(_ limit: SessionLimit) -> [SessionAction] {
        limits.remove(limit) == nil ? [] : [.forget(limit)]
    }

    mutating func forgetAll() -> [SessionAction] {
        defer { limits = [] }
        return limits.sorted { $0.rawValue < $1.rawValue }.map { .forget($0) }
    }
}

extension Session.StateMachine.Call {
    /// Nil for what is no such call.
    fileprivate init?(_ action: SessionAction) {
        switch action {
        case .create: self = .create
        case .delete: self = .delete
        case .cleanUp: self = .cleanUp
        default: return nil
        }
    }
}
