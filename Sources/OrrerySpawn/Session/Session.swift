import FoundationEssentials
import Logging
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

/// One session that has not ended: carries out what its state machine decides, one input after the other.
///
/// Concurrency: `run` belongs to one task, which owns the state machine. Everybody else talks to it through `tell`. Calls
/// to the cluster are made in child tasks, whose answers come back as inputs; calls to the store and the proxy are made
/// in line, so that they happen in the order of the decisions. What follows from several inputs that have come together is
/// stored together, but always before the next call to the cluster or the proxy.
final class Session: Sendable {
    /// As it was when this object was made: for what never changes.
    let record: SessionRecord
    /// What was asked for, where it is more than the record says: the person insists on the cluster.
    let wish: SessionChoice?
    /// What its person was told, where nobody need read it from the store.
    let said: [String]?
    let cluster: KubernetesClient
    /// What its person calls the cluster.
    let place: String
    let scene: Scene
    let logger: Logger
    private let inbox = Mailbox<Input>()
    let memory: Mutex<Memory>

    struct Memory {
        /// The last look at our pod: what it said at its end, in case the log cannot be read any more.
        var pod: Pod?
        /// The uid of our pod, once it is made.
        var podUID: String?
        /// Since when this hub has seen the session without a gap.
        var watchedSince: Date
        /// Since when its cluster counts its lifetime, once that is known.
        var startOfLife: Date?
        /// When it became ready for the first time, until that was looked at.
        var arrival: Date?
        var hasArrived: Bool
        /// The hub's own last question to its server.
        var glance: Glance?
        /// How it stands, once that is another state or sentence than in `record`, and as it is stored.
        var standing: SessionStanding?
        /// What will end it soon, as its person reads it.
        var warning: String?
        /// Another grace than the profile's, on an administrator's wish.
        var grace: Duration?
        /// The cluster was asked to make the pod, by us or by the hub before. What was never asked for is not there.
        var hasAskedForPod: Bool
        /// The quota for which it waits for room again.
        var shortage: QuotaShortage?
        /// A look at a pod that came when this task was over.
        var unheardPod: Pod?
        /// The proxy may have a route of ours.
        var mayHaveRoute = true
    }

    enum Input: Sendable {
        case pod(Pod)
        case gone(uid: String)
        case event(ClusterEvent)
        case missing(whileAway: Bool)
        case vanished(whileAway: Bool)
        case seen
        case unseen(String)
        /// The cluster shows none of its pods for now, and is not given up.
        case unshown
        /// The cluster is gone.
        case abandon(Ending)
        case stop(Ending, again: Bool, CheckedContinuation<Void, Never>)
        case reviewed(LifeLook?)
        case withdraw(Withdrawal?)
        case created(Pod)
        case refused(CreationRefusal)
        case deletion(Deletion)
        case answered(Bool)
        case knocked(Bool, address: String)
        case cleaned(String?)
        case elapsed(SessionLimit, generation: Int)
    }

    init(
        _ record: SessionRecord, on cluster: KubernetesClient, _ scene: Scene, wish: SessionChoice? = nil,
        said: [String]? = nil
    ) {
        self.record = record
        self.said = said
        self.wish = record.wish ?? wish
        self.cluster = cluster
        self.scene = scene
        place = scene.title(record.cluster)
        memory = Mutex(
            Memory(
                podUID: record.podUID, watchedSince: scene.now(), hasArrived: record.readyAt != nil,
                hasAskedForPod: record.state != .queued))
        var logger = scene.logger
        logger[metadataKey: "session"] = "\(record.id)"
        logger[metadataKey: "cluster"] = "\(record.cluster)"
        self.logger = logger
    }

    func tell(_ input: Input) {
        if !inbox.put(input) { leave(input) }
    }

    /// Asks it to end; returns when the wish is stored and no request reaches the pod any more.
    /// `grace` instead of the profile's, also when it is ending already.
    func stop(_ wish: Ending, grace: Duration? = nil) async {
        if let grace { memory.withLock { $0.grace = grace } }
        await withCheckedContinuation { continuation in tell(.stop(wish, again: grace != nil, continuation)) }
    }

    /// The quota for which it was given back, to wait for room again.
    var shortage: QuotaShortage? { memory.withLock { $0.shortage } }

    /// The last look at a pod of its own that came when its task was over.
    var unheardPod: Pod? { memory.withLock { $0.unheardPod } }

    /// As it is stored, or a moment before that.
    var standing: SessionStanding {
        memory.withLock { $0.standing } ?? SessionStanding(state: record.state, message: record.message)
    }

    /// Lives until the session has ended or waits again, or the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            var machine = StateMachine(record, on: place, patience: scene.settings.patience, told: await wordsSaid())
            var hands = Hands()
            do {
                try await perform(machine.begin(), &machine, &hands, &group)
                while let input = await inbox.next() {
                    // Also where something of it could not be done: whoever waits must not wait for ever.
                    defer { letGo(input) }
                    let isLast = inbox.isEmpty
                    let actions = react(to: input, &machine, hands)
                    try await perform(actions, &machine, &hands, &group, storingAll: isLast)
                    if machine.state == .ended || machine.isGivenBack { break }
                }
            } catch {
                logger.info("a session is left as it is stored", metadata: ["why": "\(error)"])
            }
            group.cancelAll()
        }
        scene.alarms.forgetAll(of: record.id)
        inbox.close()
        while let rest = await inbox.next() { leave(rest) }
    }

    private func react(
        to input: Input, _ machine: inout StateMachine, _ hands: Hands
    ) -> [SessionAction] {
        switch input {
        case .pod(let pod):
            memory.withLock { $0.pod = pod }
            return machine.observe(pod)
        case .gone(let uid): return machine.gone(uid: uid)
        case .event(let event): return machine.note(event)
        case .missing(let whileAway): return machine.missing(whileAway: whileAway)
        case .vanished(let whileAway): return machine.vanished(whileAway: whileAway)
        case .seen:
            let now = scene.now()
            if machine.isUnseen { memory.withLock { $0.watchedSince = now } }
            return machine.seen()
        case .unseen(let sentence): return machine.unseen(sentence)
        case .unshown:
            machine.unshown()
            return []
        case .stop(let wish, let again, _): return machine.stop(wish, again: again)
        case .abandon(let ending): return machine.abandoned(ending)
        case .reviewed(let look): return machine.reviewed(look)
        case .withdraw(let withdrawal): return machine.withdraw(withdrawal, at: scene.now())
        case .created(let pod): return machine.created(pod)
        case .refused(let refusal): return machine.refused(refusal)
        case .deletion(let outcome): return machine.deletion(outcome)
        case .answered(let doesAnswer): return machine.answered(doesAnswer)
        case .knocked(let listens, let address): return machine.knocked(listens, at: address)
        case .cleaned(let problem): return machine.cleaned(problem)
        case .elapsed(let limit, let generation):
            return hands.isCurrent(limit, generation) ? machine.elapsed(limit) : []
        }
    }

    /// Nobody waits any more for what the input asked.
    private func letGo(_ input: Input) {
        if case .stop(_, _, let continuation) = input { continuation.resume() }
    }

    /// The same for one that nobody has reacted to.
    private func leave(_ input: Input) {
        if case .pod(let pod) = input { memory.withLock { $0.unheardPod = pod } }
        letGo(input)
    }
}
