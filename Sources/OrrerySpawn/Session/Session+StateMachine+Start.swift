import OrreryKubernetes
import OrreryModel

// From the first call to the cluster until the server answers.
extension Session.StateMachine {
    /// The cluster has the pod, with this uid.
    mutating func created(_ pod: Pod) -> [SessionAction] {
        guard !isGone else { return [] }
        underWay = nil
        failures = 0
        var actions: [SessionAction] = []
        if let uid = pod.metadata.uid, podUID != uid {
            podUID = uid
            actions.append(.keepPod(uid: uid))
        }
        if pod.metadata.uid == lastGone { return actions + vanished(whileAway: false) }
        // The person may have stopped it meanwhile.
        guard ending == nil else { return actions + [call(.delete(keepingLog: false))] }
        let newest = early.flatMap { $0.metadata.uid == pod.metadata.uid ? $0 : nil } ?? pod
        // Names are given once at a time: what the watch has shown before was the pod before this one.
        if let former = early?.metadata.uid, former != pod.metadata.uid { lastGone = former }
        early = nil
        return actions + observe(newest)
    }

    /// The cluster did not make it, or not as it must be.
    mutating func refused(_ refusal: CreationRefusal) -> [SessionAction] {
        guard !isGone else { return [] }
        underWay = nil
        guard ending == nil else { return [call(.delete(keepingLog: false))] }
        switch refusal {
        case .later(let sentence): return again(.create, saying: sentence)
        case .never(let sentence): return end(Ending(.failedToStart, sentence))
        case .full(let shortage, let sentence):
            failures = 0
            // The watch has shown a pod of this very attempt: most likely it is what fills the quota.
            if latecomer != nil {
                early = nil
                return [call(.create)]
            }
            shortfall = (shortage, sentence)
            return [call(.cleanUp)]
        }
    }

    /// A limit has run out.
    mutating func elapsed(_ limit: SessionLimit) -> [SessionAction] {
        guard limits.remove(limit) != nil, state != .ended else { return [] }
        switch limit {
        case .retry: return redo()
        case .ask: return [.ask]
        case .knock: return knockAgain()
        case .review: return ending == nil && state == .ready ? [.review] : []
        case .revocation:
            guard ending == nil, let withdrawn else { return [] }
            return end(.revoked(withdrawn.filesets))
        case .sandbox where ending == nil && state.isPending && !hasMovedOn && !isBlind && !isCalling:
            return moveOn("A node of \(cluster) cannot give it a network.")
        case .stop:
            return say("\(cluster) has not removed it yet. Its node may be lost; the session waits until it is gone.")
        case .room where ending == nil && state.isPending && !isBlind: return retreat()
        case .start, .room, .claims, .volumes, .silence, .sandbox, .image, .configuration, .listening, .answer:
            guard ending == nil, state.isPending else { return [] }
            // What cannot be seen may well be going on.
            if isBlind { return [start(limit, .seconds(30))] }
            return end(Ending(.failedToStart, sentence(for: limit)), keepingLog: true)
        }
    }

    /// No node has taken it in all that time: it waits for room again, and leaves what it has to others.
    private mutating func retreat() -> [SessionAction] {
        guard !isCalling, !isMovingOn else { return [start(.room, .seconds(5))] }
        let nodes = NodeShortage(lastWords ?? "", mayGrow: isGrowing)
        let sentence = nodes.sentence(cluster)
        shortfall = (nodes.shortage, sentence)
        // A hub that is started meanwhile asks for the pod again, and does not take it for lost.
        return say(sentence) + forgetAll() + [.keepPod(uid: nil), call(.delete(keepingLog: false))]
    }

    private func sentence(for limit: SessionLimit) -> String {
        let last = lastWords.map { " The cluster's last word: \($0)" } ?? ""
        switch limit {
        case .claims: return "Its storage could not be made.\(last) Tell an administrator."
        case .sandbox: return "No node of \(cluster) can give it a network.\(last) Tell an administrator."
        case .silence:
            return
                "Its node has not said a word about it for \(Words.time(patience.silence)). One volume under two names "
                + "does that. Tell an administrator."
        case .listening: return listening
        case .volumes: return "A volume could not be attached.\(last) Tell an administrator."
        case .image: return "The image could not be fetched: its registry does not give it out right now.\(last)"
        case .configuration: return "Its container could not be made.\(last) Tell an administrator."
        case .answer:
            return "The notebook server started but did not answer through the proxy. Tell an administrator: the "
                + "network between them may be closed."
        default: return "It did not start in time.\(last)"
        }
    }
}

extension Session.StateMachine {
    /// Why a program that runs has not answered: a closed port and a closed network are two different troubles.
    private var listening: String {
        let probe = lastProbe ?? ""
        if probe.contains("connection refused") {
            return
                "The notebook server runs but does not listen at port \(port). Tell an administrator: the environment "
                + "is not made for this."
        }
        if probe.contains("deadline exceeded") || probe.contains("timeout") || probe.contains("Timeout") {
            return
                "The notebook server runs but \(cluster) cannot reach it (\(probe)). Tell an administrator: the network "
                + "to it may be closed."
        }
        let words = probe.isEmpty ? "" : " The cluster's last word: \(probe)"
        return "The notebook server runs but does not answer.\(words) Tell an administrator."
    }
}

// From the server's first readiness to `ready`.
extension Session.StateMachine {
    /// The route is open, or why not.
    mutating func routed(_ problem: String?) -> [SessionAction] {
        guard ending == nil, let address else { return [] }
        if let problem {
            return again(.openRoute(address), saying: "The proxy does not take the session's route yet: \(problem)")
        }
        failures = 0
        isRouted = true
        guard state == .answering else { return [] }
        return [start(.answer, patience.answer), .ask]
    }

    /// The server answered through the proxy, or did not.
    mutating func answered(_ doesAnswer: Bool) -> [SessionAction] {
        guard ending == nil, state == .answering else { return [] }
        guard doesAnswer else { return [start(.ask, .milliseconds(250))] }
        failures = 0
        return forgetAll() + [enter(.ready, "Your notebook is ready.")] + beginReviews()
    }
}
