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
        guard let stored = try? await scene.store.session(id: record.id) else { return .reviewed(nil) }
        let now = scene.now()
        let watchedSince = memory.withLock { $0.watchedSince }
        let life = record.plan.life
        // By this hub's own clock, though the cluster counts from a little earlier: the two are never compared.
        let end = (stored.readyAt ?? stored.createdAt).addingTimeInterval(life.max / .seconds(1))
        var resting = max(stored.lastActivity, stored.readyAt ?? stored.createdAt, watchedSince)
        if let idle = life.idle, now.timeIntervalSince(resting) >= (idle - (life.warn ?? .zero)) / .seconds(1),
            await scene.contract.isBusy(stored)
        {
            resting = now
        }
        return .reviewed(LifeLook(now: now, end: end, restingSince: resting))
    }
}
