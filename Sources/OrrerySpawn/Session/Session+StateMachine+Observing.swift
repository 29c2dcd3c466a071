import OrreryKubernetes
import OrreryModel

// What the cluster shows of the session.
extension Session.StateMachine {
    /// A look at the session's pod.
    mutating func observe(_ pod: Pod) -> [SessionAction] {
        guard state != .ended, let uid = pod.metadata.uid, uid != lastGone else { return [] }
        // Same name and labels, but another object: ours is gone, and that one is somebody's work.
        if let podUID, podUID != uid { return vanished(whileAway: false) }
        let reading = PodReading(pod)
        hasRun = hasRun || reading.hasRun
        guard ending == nil, !isMovingOn else { return [] }
        guard podUID != nil else {
            // The walls are checked with the answer to `create`; until then the pod is not ours.
            early = pod
            return []
        }
        guard shortfall == nil else { return [] }
        if case .over(let death) = reading.trouble { return over(death) }
        if reading.isTerminating { return end(.lost("\(cluster) is removing it, and not on this hub's wish.")) }
        return state.isPending ? advance(reading) : health(reading)
    }

    /// One of the cluster's own events about the pod.
    mutating func note(_ event: ClusterEvent) -> [SessionAction] {
        guard ending == nil, !isMovingOn, shortfall == nil, state.isPending, let reading = EventReading(event) else {
            return []
        }
        if let uid = event.involvedObject.uid, uid == lastGone || uid != (podUID ?? uid) { return [] }
        var actions = reading.isFromNode ? forget(.silence) : []
        if let progress = reading.progress, isAhead(progress), told.insert(reading.sentence).inserted {
            actions.append(enter(progress, reading.sentence))
            actions += forget(.room) + forget(.claims)
        } else if !reading.sentence.isEmpty {
            actions += say(reading.sentence)
        }
        switch reading.sign {
        case .networkFailed:
            lastWords = event.message
            actions += startOnce(.sandbox, patience.sandbox)
        case .noAnswer: lastProbe = event.message
        case .mountFailed:
            lastWords = event.message
            if state.order <= SessionState.volumes.order { actions += startOnce(.volumes, patience.volumes) }
        case .growing:
            isGrowing = true
            actions.append(start(.room, patience.growth))
            actions.append(start(.start, patience.start + patience.growth))
        case nil: break
        }
        return actions
    }

    /// The cluster is seen, or not, from now on.
    mutating func seen() -> [SessionAction] {
        isUnshown = false
        guard isUnseen else { return [] }
        isUnseen = false
        if state == .unreachable, !isUnwell {
            return [enter(.ready, "\(cluster) is seen again. The session goes on.")] + beginReviews()
        }
        return forget(.retry) + redo()
    }

    mutating func unseen(_ sentence: String) -> [SessionAction] {
        guard state != .ended else { return [] }
        isUnseen = true
        return state == .ready ? [enter(.unreachable, sentence)] : say(sentence)
    }

    /// The cluster answers without its pods, or has just fallen silent: nobody is told, and no limit runs out, until it is seen.
    mutating func unshown() { isUnshown = true }

    /// The newest complete picture of the cluster has no such pod.
    mutating func missing(whileAway: Bool) -> [SessionAction] {
        guard state != .ended, podUID != nil else { return [] }
        guard !isCalling else {
            missed = whileAway
            return []
        }
        return [.lookAgain(whileAway: whileAway)]
    }
}

extension Session.StateMachine {
    /// Progress and trouble of a pod on its way.
    private mutating func advance(_ reading: PodReading) -> [SessionAction] {
        var actions: [SessionAction] = []
        if isAhead(reading.progress) {
            actions.append(enter(reading.progress, words(for: reading.progress)))
            actions += forget(.room) + forget(.claims)
            if reading.progress.order > SessionState.volumes.order {
                actions += forget(.volumes) + forget(.silence) + forget(.sandbox)
            }
            if reading.progress.order > SessionState.image.order { actions += forget(.image) }
            if reading.progress.order > SessionState.starting.order { actions += forget(.listening) }
        }
        if reading.progress.order >= SessionState.starting.order { actions += forget(.configuration) }
        if reading.trouble == nil { actions += startLimits(of: reading.progress) }
        if let trouble = reading.trouble { return actions + self.trouble(trouble) }
        lastRefusal = nil
        guard let host = reading.host, !isRouted, retry == nil else { return actions }
        let address = "\(host):\(port)"
        return actions + (reading.progress == .answering ? lead(to: address) : knock(at: address))
    }

    private mutating func trouble(_ trouble: PodReading.Trouble) -> [SessionAction] {
        switch trouble {
        case .noRoom(let message):
            lastWords = message
            return say("No place yet: \(message)") + startOnce(.room, isGrowing ? patience.growth : patience.room)
        case .storageTaken(let message):
            lastWords = message
            return say("Another session has its storage, most likely another one of yours. Only one may at a time.")
                + startOnce(.room, patience.room)
        case .gated(let gates):
            return say("\(cluster) holds it back until \(Words.list(gates)) lets it go.") + forget(.room)
                + [start(.start, patience.start + patience.growth)]
        case .noClaim(let message):
            return end(
                Ending(
                    .failedToStart,
                    "Storage of the session is missing on \(cluster): \(message). Tell an administrator."))
        case .unboundClaim(let message):
            lastWords = message
            return say("Its storage is not ready yet: \(message)") + startOnce(.claims, patience.claims)
        case .wrongPlace(let message):
            return end(
                Ending(
                    .failedToStart,
                    "No node of \(cluster) can attach the session's storage: \(message). Stop other sessions that use "
                        + "it, or tell an administrator."))
        case .image(let reason, let message): return imageRefused(reason, message)
        case .configuration(let message):
            lastWords = message
            return say("Something is missing: \(message)") + startOnce(.configuration, patience.configuration)
        case .broken(let message):
            return end(Ending(.failedToStart, "It cannot start: \(message). Tell an administrator."), keepingLog: true)
        case .over(let death): return over(death)
        }
    }

    /// The first refusal may be chance; at the second we know.
    private mutating func imageRefused(_ reason: String, _ message: String) -> [SessionAction] {
        guard reason != lastRefusal else { return [] }
        lastRefusal = reason
        lastWords = message
        refusals += 1
        let image = ImageRefusal.short(image)
        if refusals >= 2, ImageRefusal.isPermanent(message) {
            return end(
                Ending(
                    .failedToStart,
                    "The image \(image) does not exist, or \(cluster) may not read it. Choose another environment, and "
                        + "tell an administrator."))
        }
        return say("The image \(image) was refused: \(message)") + startOnce(.image, patience.image)
    }

    private mutating func over(_ death: PodReading.Death) -> [SessionAction] {
        let wasReady = !state.isPending
        if case .refused(let why) = death, !wasReady, !hasMovedOn, !isCalling {
            return moveOn("A node of \(cluster) did not take it: \(why).")
        }
        let ending: Ending =
            switch death {
            case .lifetime: .lifetime
            case .taken(let why): .lost("\(cluster) ended it: \(why).")
            case .refused(let why) where wasReady: .lost("\(cluster) ended it: \(why).")
            case .refused(let why):
                Ending(
                    .failedToStart,
                    "No node of \(cluster) takes it: \(why). Take a smaller size, or choose another cluster.")
            case .killed:
                Ending(
                    wasReady ? .crashed : .failedToStart,
                    "The notebook server was killed, most likely because it used more memory than its size allows. Take "
                        + "a larger size, or load less at once.")
            case .finished where wasReady: .finished
            case .finished:
                Ending(
                    .failedToStart,
                    "The notebook server ended before it answered. Its last lines are kept with the session.")
            case .outOfMemory:
                Ending(
                    wasReady ? .crashed : .failedToStart,
                    "It used more memory than its size allows and was killed. Take a larger size, or load less at once."
                )
            case .exited(let code, _):
                Ending(
                    wasReady ? .crashed : .failedToStart,
                    "The notebook server ended with status \(code). Its last lines are kept with the session.")
            }
        hasRun = true
        return end(ending, keepingLog: true)
    }

    /// A running pod's health, as its kubelet sees it. A pod that is not Ready but runs is not ended: its node, or the
    /// server, may come back.
    private mutating func health(_ reading: PodReading) -> [SessionAction] {
        wasReady = wasReady || reading.progress == .answering
        // The hub's own question may be faster than its kubelet's.
        isUnwell = wasReady && reading.progress != .answering
        let news = restarted(reading)
        switch (state, isUnwell, isUnseen) {
        case (.ready, true, _):
            return news + [
                enter(
                    .unreachable, "The notebook server does not answer \(cluster)'s health check, or its node is lost.")
            ]
        case (.unreachable, false, false):
            return news + [enter(.ready, "The notebook server answers again.")] + beginReviews()
        default: return news
        }
    }

    /// We never ask a cluster to start a program again in its place, but a site's own rules may.
    private mutating func restarted(_ reading: PodReading) -> [SessionAction] {
        guard reading.restarts > restarts else { return [] }
        restarts = reading.restarts
        return say(
            "\(cluster) has started the notebook server again, for the \(restarts). time. What its kernels had in memory "
                + "is lost.")
    }

    /// What must not last for ever in a phase, beyond what shows as trouble.
    private mutating func startLimits(of progress: SessionState) -> [SessionAction] {
        switch progress {
        case .volumes where state == .volumes: startOnce(.silence, patience.silence)
        // The hub's own question may have been faster than this look.
        case .starting where state == .starting: startOnce(.listening, patience.listening)
        default: []
        }
    }

    func words(for progress: SessionState) -> String {
        switch progress {
        case .scheduled: "The cluster has found a place for it."
        case .volumes: "Attaching home and data."
        case .image: "Fetching the image."
        case .starting: "The notebook server is starting."
        case .answering: "Asking the notebook server for its first answer."
        default: progress.rawValue
        }
    }

    private func isAhead(_ progress: SessionState) -> Bool { progress.order > state.order }
}

extension SessionState {
    /// The place among the phases.
    var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
