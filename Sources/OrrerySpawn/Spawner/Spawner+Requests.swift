package import FoundationEssentials
package import OrreryKubernetes
package import OrreryModel
package import OrreryStore
import Synchronization

// What the hub asks for.
extension Spawner {
    /// Stores a new session and returns at once; the way to its notebook goes on in `run`. Follow it with `progress`.
    /// `id` is a fresh one unless the caller has made it already. `wish` is what was asked for, should it have to wait after all;
    /// without one it insists on nothing. `planText` is the plan's canonical JSON, if the caller has written it already.
    package func start(
        plan: Plan, planHash: String, planText: String? = nil, person: PersonRecord, server: String,
        account: String = "", id: String? = nil, wish: SessionChoice? = nil
    ) async throws(SpawnError) -> SessionRecord {
        if case .unreachable(let since, let reason) = condition(of: plan.cluster) {
            throw SpawnError(
                .clusterAway,
                "\(scene.title(plan.cluster)) cannot be reached since \(Words.clock(since)) (\(reason)). Choose another cluster, or "
                    + "try again later.")
        }
        var record = try record(
            plan: plan, planHash: planHash, person: person, server: server, account: account, id: id,
            message: "Your session is being prepared.")
        record.place(insistingOn: wish)
        let asking = Session.StateMachine.asking(scene.title(plan.cluster))
        try await store(record, planText: planText, then: [.advance { ($0.state, $0.message) = (.creating, asking) }])
        add(record.unasked, wish: record.wish, said: [record.message, asking])
        return record
    }

    func record(
        plan: Plan, planHash: String, person: PersonRecord, server: String, account: String, id: String?,
        message: String, wish: SessionChoice? = nil
    ) throws(SpawnError) -> SessionRecord {
        guard let cluster = clusters[plan.cluster] else {
            throw SpawnError(.unknownCluster, "There is no cluster called \(plan.cluster) here.")
        }
        let now = scene.now()
        let id = id ?? RecordID.fresh(at: now)
        let name = person.person.name
        return SessionRecord(
            id: id, person: person.id, personName: name, server: server, profile: plan.profile,
            environment: plan.environment.name, size: plan.size.name, cluster: plan.cluster, plan: plan,
            planHash: planHash, spawn: RecordID.fresh(at: now), namespace: cluster.namespace,
            pod: Words.podName(person: name, session: id), prefix: Words.prefix(person: name, server: server),
            message: message, createdAt: now, account: account, wish: wish)
    }

    func store(
        _ record: SessionRecord, planText: String? = nil, then steps: [SessionStep] = []
    ) async throws(SpawnError) {
        do {
            for event in try await scene.store.open(record, planText: planText, then: steps) {
                scene.board.publish(event)
            }
        } catch { throw SpawnError(error) }
    }

    /// Ends a session. Returns when the wish is stored and no request reaches the pod any more; the pod then has its
    /// grace. A session that is ending or has ended is a success.
    ///
    /// `grace` instead of the profile's; it shortens a stop that is under way, too. Zero is an administrator's wish alone:
    /// on a lost node it leaves a container that goes on writing.
    package func stop(_ session: String, by name: String, grace: Duration? = nil) async throws(SpawnError) {
        for _ in 0..<20 {
            if try await ask(session, toStopFor: name, grace: grace) { return }
            // It is stored that it has a place; the next moment it lives here.
            guard live.withLock({ $0.isRunning }), (try? await scene.time.sleep(.milliseconds(50))) != nil else {
                throw SpawnError(.notNow, "The hub is just starting or ending. Try again in a moment.")
            }
        }
        throw SpawnError(.notNow, "The hub cannot stop the session right now. Try again in a moment.")
    }

    /// Asks the session, or the line in which it waits, to end. False when it is in neither: it was just given its place.
    private func ask(
        _ session: String, toStopFor name: String, grace: Duration?
    ) async throws(SpawnError) -> Bool {
        if let session = live.withLock({ $0.sessions[session] }), live.withLock({ $0.isRunning }) {
            // It stays as it is until somebody wants it to end: the site may change its mind.
            if let sentence = farewell(to: session.record) {
                session.tell(.abandon(.lost(sentence)))
                return true
            }
            await session.stop(.stopped(by: name), grace: grace)
            // One that was given back in this moment did not hear it.
            guard session.shortage != nil else { return true }
        }
        let record: SessionRecord?
        do { record = try await scene.store.session(id: session) } catch { throw SpawnError(error) }
        guard let record else { throw SpawnError(.unknownSession, "There is no such session.") }
        guard record.state != .ended else { return true }
        // False when it was given its place after this look: its cluster is another one, perhaps.
        if record.isWaiting { return try await leaveQueue(session, .stopped(by: name)) }
        if let sentence = park.withLock({ $0.gone[record.cluster] ?? $0.missing[record.cluster] }) {
            await end(record, because: sentence)
            return true
        }
        guard clusters[record.cluster] != nil else {
            throw SpawnError(.unknownCluster, "\(record.cluster) is not a cluster of this hub any more.")
        }
        return false
    }

    /// What happened with the session after event `number`, then what happens, until it is ready or has ended. A stream
    /// for a session that is ready or has ended gives what is stored and ends.
    package func progress(of session: String, after number: Int) -> AsyncStream<SessionEventRecord> {
        // Watched before the store is read, so that nothing falls between the two.
        let live = scene.board.watch(session)
        let store = scene.store
        return AsyncStream { continuation in
            let task = Task {
                defer { continuation.finish() }
                var last = number
                // The session first: what had arrived then is among its events.
                guard let record = try? await store.session(id: session),
                    let past = try? await store.events(session: session, after: number)
                else { return }
                for event in past {
                    continuation.yield(event)
                    last = event.number
                }
                // It may have arrived between the two looks.
                guard !record.state.isArrival, past.last?.state.isArrival != true else { return }
                // What is only said and not stored has the number 0.
                for await event in live where event.number > last || event.number == 0 {
                    continuation.yield(event)
                    if event.state.isArrival { return }
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Puts `files` into the session's directory of tokens; its other files stay. One call to the cluster. The pod sees them
    /// when its kubelet has looked, within two minutes. `isNotFound` when the Secret is not there, not yet or not any more.
    package func put(_ files: [String: Secret], intoTokensOf session: SessionRecord) async throws(KubernetesError) {
        guard let cluster = clusters[session.cluster] else {
            throw .badRequest("\(session.cluster) is not a cluster of this hub any more")
        }
        _ = try await cluster.patch(SecretObject.self, session.tokensName, with: SecretChange(texts: files))
    }

    /// How the cluster does; `.neverSeen` for one that is not configured.
    package func condition(of cluster: String) -> ClusterCondition {
        live.withLock { live in live.conditions[cluster]?.during(live.absences[cluster]) } ?? .neverSeen
    }

    /// How far the clock of the cluster's API server is ahead of the hub's, by the second; nil before its first answer.
    package func clockOffset(of cluster: String) -> TimeInterval? { clusters[cluster]?.clockOffset }

    /// Pods with this hub's label that belong to no session, for an administrator to look at.
    package func orphans() -> [OrphanPod] {
        live.withLock { Array($0.orphans.values) }.sorted { ($0.cluster, $0.pod) < ($1.cluster, $1.pod) }
    }
}

extension SessionState {
    /// Whether somebody who waits for the session has no more to wait for.
    fileprivate var isArrival: Bool { self == .ready || self == .unreachable || self == .ended }
}
