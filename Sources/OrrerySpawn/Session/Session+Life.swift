import FoundationEssentials
import OrreryModel
import OrreryStore
import Synchronization

// What a session finds out about its own life.
extension Session {
    /// Reads the clocks. Nil when the store does not answer: nothing is known then.
    ///
    /// Rest counts from the last use that is stored, and never from before this hub could see the session: what happened
    /// meanwhile nobody knows. A kernel that works is use, whoever looks at it.
    func review() async -> Input {
        if let look = firstLook() { return .reviewed(look) }
        guard let stored = try? await scene.store.session(id: record.id),
            let start = try? await startOfLife(stored)
        else { return .reviewed(nil) }
        let now = scene.now()
        let (watchedSince, glance) = memory.withLock { ($0.watchedSince, $0.glance) }
        let life = record.plan.life
        let end = start.addingTimeInterval(life.max / .seconds(1))
        let used = glance?.use(stored.lastActivity) ?? stored.lastActivity
        var resting = max(used, stored.readyAt ?? stored.createdAt, watchedSince)
        if let idle = life.idle, now.timeIntervalSince(resting) >= (idle - (life.warn ?? .zero)) / .seconds(1),
            await isAtWork(stored, used: used)
        {
            resting = now
        }
        return .reviewed(LifeLook(now: now, end: end, restingSince: resting))
    }

    /// Right after it has become ready, by what this hub has seen itself; nil later, and where that is not enough.
    private func firstLook() -> LifeLook? {
        let life = record.plan.life
        let (arrival, start) = memory.withLock { memory in
            defer { memory.arrival = nil }
            return (memory.arrival, memory.startOfLife)
        }
        guard let arrival, let start, life.idle.map({ $0 > life.warn ?? .zero }) ?? true else { return nil }
        return LifeLook(now: scene.now(), end: start.addingTimeInterval(life.max / .seconds(1)), restingSince: arrival)
    }

    /// It is ready. What becomes ready again has rested all the same.
    func arrive(at now: Date) {
        memory.withLock { memory in
            guard !memory.hasArrived else { return }
            (memory.arrival, memory.hasArrived) = (now, true)
        }
    }

    /// What was just stored of it may say since when its cluster counts its lifetime.
    func noteStartOfLife(_ events: [SessionEventRecord]) {
        guard record.state.order <= SessionState.creating.order,
            let placed = events.first(where: { $0.state.order > SessionState.creating.order })
        else { return }
        memory.withLock { memory in
            if memory.startOfLife == nil { memory.startOfLife = placed.at }
        }
    }

    /// When this hub, or the one before, saw that a node has the pod: from about then the cluster counts its lifetime, images and
    /// volumes included. By the hub's own clock: the two are never compared. Of a session that has moved on it is the first
    /// node, so that its end is told too early rather than too late.
    private func startOfLife(_ stored: SessionRecord) async throws(StoreError) -> Date {
        if let known = memory.withLock({ $0.startOfLife }) { return known }
        let events = try await scene.store.events(session: record.id, after: 0)
        // What comes before was another wait for room.
        let begin = events.lastIndex { $0.state == .queued } ?? events.startIndex
        let placed = events[begin...].first { $0.state.order > SessionState.creating.order }
        let start = placed?.at ?? stored.readyAt ?? stored.createdAt
        memory.withLock { $0.startOfLife = start }
        return start
    }

    /// Whether a kernel works. The question goes the way of people's requests, so that the proxy takes it for use.
    private func isAtWork(_ session: SessionRecord, used: Date) async -> Bool {
        let start = scene.now()
        let isBusy = await scene.contract.isBusy(session)
        let end = scene.now()
        memory.withLock { $0.glance = Glance(from: start, to: end, before: used) }
        return isBusy
    }
}

/// A question of the hub's own to the server of a session.
struct Glance: Hashable, Sendable {
    let from: Date
    let to: Date
    /// When the session had been used last before it.
    let before: Date

    /// When the session was used, when `last` is what proxies say: a use at the moment of the question was the question.
    /// The clocks of proxies may be two seconds off.
    func use(_ last: Date) -> Date {
        (from.addingTimeInterval(-2)...to.addingTimeInterval(2)).contains(last) ? before : last
    }
}
