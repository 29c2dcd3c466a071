import OrreryKubernetes
package import OrreryModel
package import OrreryStore
import Synchronization

// Sessions that wait for room. No cluster knows of them; a restart finds them in the store.
extension Spawner {
    /// Stores a session that waits. `plan` is the one for the cluster that would be best, `wish` what was asked for.
    package func enqueue(
        plan: Plan, planHash: String, person: PersonRecord, server: String, account: String, id: String,
        wish: SessionChoice, message: String
    ) async throws(SpawnError) -> SessionRecord {
        let record = try record(
            plan: plan, planHash: planHash, person: person, server: server, account: account, id: id,
            message: message, wish: wish)
        try await store(record)
        return record
    }

    /// Gives a waiting session its place and lets it start. Nil when it does not wait any more: it was cancelled. `.notNow` while
    /// the task that has given it back is not over, which is told by `SpawnNews.givenBack`.
    package func admit(_ session: String, plan: Plan, planHash: String) async throws(SpawnError) -> SessionRecord? {
        guard let cluster = clusters[plan.cluster] else {
            throw SpawnError(.unknownCluster, "There is no cluster called \(plan.cluster) here.")
        }
        guard live.withLock({ !$0.isRunning || $0.sessions[session] == nil }) else {
            throw SpawnError(.notNow, "The session is just giving back its last place. Try again in a moment.")
        }
        let record: SessionRecord
        let hasWaited = Mutex(false)
        do {
            record = try await scene.store.update(session) { session in
                // Both ways: it may be run again, on what has become of the session since.
                hasWaited.withLock { $0 = session.isWaiting }
                guard session.isWaiting else { return }
                session.cluster = plan.cluster
                session.plan = plan
                session.planHash = planHash
                session.namespace = cluster.namespace
                session.place(insistingOn: session.wish)
            }
        } catch {
            if error.kind == .missing { return nil }
            throw SpawnError(error)
        }
        guard hasWaited.withLock({ $0 }) else { return nil }
        add(record.unasked, wish: record.wish)
        return record
    }

    /// Ends a waiting session, since nothing can become of it any more.
    package func dismiss(_ session: String, because sentence: String) async throws(SpawnError) {
        _ = try await leaveQueue(session, Ending(.failedToStart, sentence))
    }

    /// Tells those who watch a waiting session how it stands; nothing is stored.
    package func note(_ message: String, about session: String) {
        scene.board.note(
            SessionEventRecord(session: session, number: 0, at: scene.now(), state: .queued, message: message))
    }

    /// Whether somebody watches the session right now.
    package func isWatched(_ session: String) -> Bool { scene.board.isWatched(session) }

    /// Calls `hear` with everything that happens with sessions and clusters, until the spawner ends or whoever listens leaves
    /// with the number that this gives. It is called in line with what it is told of: it passes that on and returns.
    package func listen(_ hear: @escaping @Sendable (SpawnNews) -> Void) -> Int { scene.board.listen(hear) }

    package func leave(_ listener: Int) { scene.board.leave(listener) }

    /// How long the cluster takes to answer; nil before the first session was made there.
    package func latency(of cluster: String) -> Duration? { scene.latencies[cluster] }

    /// False when it was given its place meanwhile.
    func leaveQueue(_ session: String, _ ending: Ending) async throws(SpawnError) -> Bool {
        let now = scene.now()
        do {
            let end = SessionStep.advanceWaiting { $0.end(ending.reason, ending.sentence, at: now) }
            let events = try await scene.store.keep([end], of: session, at: now)
            for event in events { scene.board.publish(event) }
            guard events.isEmpty else { return true }
            return try await scene.store.session(id: session)?.state == .ended
        } catch { throw SpawnError(error) }
    }
}

extension SessionRecord {
    /// It has a place. On which cluster the person insists is stored with it: with the state `queued` that would mean that it
    /// waits, so its state is the next one, as if the cluster had been asked already.
    mutating func place(insistingOn wish: SessionChoice?) {
        self.wish = wish?.cluster == nil ? nil : wish
        if self.wish != nil { state = .creating }
    }

    /// The same before its cluster was asked for anything, for the hub that has just stored its place.
    var unasked: SessionRecord {
        var record = self
        (record.state, record.wish) = (.queued, nil)
        return record
    }
}
