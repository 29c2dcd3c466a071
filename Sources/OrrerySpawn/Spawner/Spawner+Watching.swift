import FoundationEssentials
import Logging
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

// What the clusters tell.
extension Spawner {
    func watchPods(of cluster: KubernetesClient) async {
        let reflector = Reflector(
            Pod.self, cluster, PodMark.selection(hub: scene.settings.hub), time: scene.time, logger: scene.logger)
        let name = cluster.access.name
        await reflector.run { reflection in
            switch reflection {
            case .complete(let pods, let unreadable): self.compare(pods, unreadable, on: name)
            case .changed(let pod): self.dispatch(pod, on: name)
            case .deleted(let pod): self.gone(pod, on: name)
            case .seen: self.seen(name)
            case .unseen(let error): self.unseen(name, error)
            }
        }
    }

    /// Events explain; without them a session starts and ends all the same.
    func watchEvents(of cluster: KubernetesClient) async {
        let reflector = Reflector(
            ClusterEvent.self, cluster, Selection(fields: "involvedObject.kind=Pod"), time: scene.time,
            keepsObjects: false, logger: scene.logger)
        let name = cluster.access.name
        await reflector.run { reflection in
            switch reflection {
            case .complete(let events, _): for event in events { self.dispatch(event, on: name) }
            case .changed(let event): self.dispatch(event, on: name)
            case .deleted, .seen, .unseen: break
            }
        }
    }

    /// A complete picture: the sessions whose pods are not in it look again, each for itself.
    private func compare(_ pods: [Pod], _ unreadable: [ObjectMeta], on cluster: String) {
        let names = Set((pods.map(\.metadata) + unreadable).compactMap(\.name))
        let (missing, isFirst) = live.withLock { live in
            let missing = live.sessions.values.filter {
                $0.record.cluster == cluster && !names.contains($0.record.pod)
            }
            live.orphans = live.orphans.filter { $0.value.cluster != cluster }
            return (missing, live.pictured.insert(cluster).inserted)
        }
        for session in missing { session.tell(.missing(whileAway: isFirst)) }
        for pod in pods { dispatch(pod, on: cluster) }
        scene.logger.info(
            "a cluster was compared with the store",
            metadata: ["cluster": "\(cluster)", "pods": "\(pods.count)", "missing": "\(missing.count)"])
    }

    private func session(of pod: Pod, on cluster: String) -> Session? {
        guard let name = pod.metadata.name else { return nil }
        let session = live.withLock { $0.pods[PodPlace(cluster: cluster, pod: name)] }
        return session.flatMap { PodMark.isMade(pod.metadata, for: $0.record) ? $0 : nil }
    }

    func dispatch(_ pod: Pod, on cluster: String) {
        if let session = session(of: pod, on: cluster) {
            session.tell(.pod(pod))
        } else if !pod.metadata.isTerminating, let uid = pod.metadata.uid {
            note(pod, uid, on: cluster)
        }
    }

    private func note(_ pod: Pod, _ uid: String, on cluster: String) {
        let labels = pod.metadata.labels ?? [:]
        let orphan = OrphanPod(
            cluster: cluster, pod: pod.metadata.name ?? "", uid: uid, session: labels[PodMark.session],
            person: labels[PodMark.person], isNewerThanDatabase: isNewer(labels[PodMark.session]))
        let isNew = live.withLock { $0.orphans.updateValue(orphan, forKey: uid) == nil }
        if isNew { launch.yield(.stray(pod, orphan)) }
    }

    /// A pod of no session that lives there: removes it, however often that takes, when it came late for one that this process
    /// has taken back from there, and reports it otherwise.
    func attend(_ stray: Pod, _ orphan: OrphanPod) async {
        var backoff = Backoff(first: .seconds(1), limit: .seconds(30))
        while let cluster = clusters[orphan.cluster], isLate(orphan) {
            do {
                guard let session = try await scene.store.session(id: orphan.session ?? ""),
                    PodMark.isMade(stray.metadata, for: session)
                else { break }
                guard isLate(orphan) else { break }
                try await cluster.delete(Pod.self, orphan.pod, uid: orphan.uid, grace: .seconds(2))
                scene.logger.notice(
                    "a pod that came after its session had been given back was removed",
                    metadata: ["cluster": "\(orphan.cluster)", "pod": "\(orphan.pod)"])
                return
            } catch {
                if let error = error as? KubernetesError, error.isNotFound || error.isConflict { return }
                guard (try? await scene.time.sleep(backoff.next())) != nil else { return }
            }
        }
        if live.withLock({ $0.orphans[orphan.uid] != nil }) { report(orphan) }
    }

    /// Whether its session was taken back from there by this process and has not been sent there again. Nobody can have worked in
    /// such a pod. Of what another process has done, or an older copy of the database tells, nothing is concluded.
    private func isLate(_ orphan: OrphanPod) -> Bool {
        live.withLock { $0.givenBack[orphan.session ?? ""]?.contains(orphan.cluster) ?? false }
    }

    private func report(_ orphan: OrphanPod) {
        let cluster = orphan.cluster
        scene.logger.warning(
            "a pod with this hub's label belongs to no session; it is left alone",
            metadata: ["cluster": "\(cluster)", "pod": "\(orphan.pod)", "session": "\(orphan.session ?? "")"])
        guard orphan.isNewerThanDatabase else { return }
        scene.logger.error(
            "that pod is newer than everything in the database: was an older copy put back?",
            metadata: ["cluster": "\(cluster)", "pod": "\(orphan.pod)"])
    }

    /// Identifiers of sessions are in the order of time.
    private func isNewer(_ session: String?) -> Bool {
        guard let session, RecordID.isPlausible(session) else { return false }
        let newest = live.withLock { $0.newest } ?? ""
        return newest.utf8.lexicographicallyPrecedes(session.utf8)
    }

    private func gone(_ pod: Pod, on cluster: String) {
        guard let uid = pod.metadata.uid else { return }
        live.withLock { $0.orphans[uid] = nil }
        session(of: pod, on: cluster)?.tell(.gone(uid: uid))
    }

    private func dispatch(_ event: ClusterEvent, on cluster: String) {
        guard let pod = event.involvedObject.name else { return }
        live.withLock { $0.pods[PodPlace(cluster: cluster, pod: pod)] }?.tell(.event(event))
    }

    private func seen(_ cluster: String) {
        let (sessions, isNews) = live.withLock { live -> ([Session], Bool) in
            live.silent[cluster] = nil
            let before = live.conditions.updateValue(.ready, forKey: cluster)
            // What still comes over a way that is given up makes it none: it is told when an agent is back.
            guard live.absences[cluster]?.isOver != true else { return ([], false) }
            return (live.sessions.values.filter { $0.record.cluster == cluster }, before != .ready)
        }
        for session in sessions { session.tell(.seen) }
        if isNews { scene.board.tell(.condition(cluster: cluster)) }
    }

    /// A cluster with patience is given up only when that is over; until then it is unwell.
    private func unseen(_ cluster: String, _ error: KubernetesError) {
        guard !error.wasAnswered else { return unwell(cluster, error) }
        let now = scene.now()
        guard let patience = clusters[cluster]?.access.patience else { return }
        let since = live.withLock { live in
            if case .unreachable(let first, _)? = live.conditions[cluster] { return first }
            let since = live.silent[cluster] ?? live.absences[cluster]?.absence.since ?? now
            live.silent[cluster] = since
            // One that has not answered yet stays so.
            if patience > .zero, live.conditions[cluster] != nil {
                live.conditions[cluster] = .degraded("it does not answer since \(Words.clock(since)) (\(error))")
            }
            return since
        }
        guard patience > .zero else { return giveUp(cluster, silentSince: since, error) }
        tell(.unshown, on: cluster)
        launch.yield(.silence(cluster: cluster, since: since, error, patience))
    }

    /// It answers, and shows nothing of its pods. Nobody is told that it is away.
    private func unwell(_ cluster: String, _ error: KubernetesError) {
        live.withLock { live in
            live.silent[cluster] = nil
            live.conditions[cluster] = .degraded("\(error)")
        }
        tell(.unshown, on: cluster)
    }

    /// Says that the cluster cannot be reached, unless it has answered meanwhile.
    func giveUp(_ cluster: String, silentSince since: Date, _ error: KubernetesError) {
        let sessions = live.withLock { live -> [Session]? in
            guard live.silent[cluster] == since || live.conditions[cluster]?.isUnreachable == true else { return nil }
            live.conditions[cluster] = .unreachable(since: since, reason: "\(error)")
            return live.sessions.values.filter { $0.record.cluster == cluster }
        }
        guard let sessions else { return }
        let sentence = Words.unreachable(scene.title(cluster), since: since)
        for session in sessions { session.tell(.unseen(sentence)) }
    }
}

extension ClusterCondition {
    fileprivate var isUnreachable: Bool {
        if case .unreachable = self { true } else { false }
    }
}
