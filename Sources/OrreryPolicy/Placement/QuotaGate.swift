package import Foundation
package import OrreryModel

/// Keeps sessions that would not fit away from a cluster whose own quota was full, or whose nodes were: for a quarter of
/// a minute at first, twice as long after every further refusal, up to five minutes, and until somebody's session ends
/// there or its capacity changes. Then, and for ten minutes after the last refusal, one session goes at a time: whether the cluster takes
/// its pod, or finds a node for it, decides for the next.
package struct QuotaGate: Hashable, Sendable {
    private var shortage: QuotaShortage?
    /// What the one asked for that was refused.
    private var need = Resources()
    private var capacity = ResourceBounds.none
    private var refusals = 0
    private var refusedAt = Date.distantPast
    private var closedUntil = Date.distantPast
    /// Since when one session is under way of which the cluster has not said whether it takes its pod.
    private var trialSince: Date?

    package init() {}

    private static let memory: TimeInterval = 600
    /// A trial of which nothing more was heard keeps nobody waiting for ever. A pod waits two minutes for a node.
    private var trial: TimeInterval { awaitsNode ? 180 : 60 }

    static func pause(after refusals: Int) -> TimeInterval { min(15 * Double(1 << min(refusals - 1, 5)), 300) }

    /// The cluster refused a session that asks for `need`, while its `capacity` was thought to be this.
    package mutating func refused(
        _ shortage: QuotaShortage, asking need: Resources, under capacity: ResourceBounds, at now: Date
    ) {
        trialSince = nil
        guard !shortage.isItsOwn else { return }
        // Several that were under way together are one refusal.
        if now >= closedUntil || refusedAt > now {
            refusals += 1
            closedUntil = now.addingTimeInterval(Self.pause(after: refusals))
        }
        (self.shortage, self.need, self.capacity, refusedAt) = (shortage, need, capacity, now)
    }

    /// A session goes there now.
    package mutating func started(_ need: Resources, at now: Date) {
        if concerns(need, at: now) { trialSince = now }
    }

    /// Whether only a pod that has found a node shows that there is room.
    package var awaitsNode: Bool { shortage?.isOfNodes ?? false }

    /// The cluster has taken a session's pod, or has found a node for it.
    package mutating func accepted() {
        trialSince = nil
        refusals = min(refusals, 1)
    }

    /// Somebody has left.
    package mutating func roomMade(at now: Date) {
        trialSince = nil
        closedUntil = min(closedUntil, now)
    }

    /// Why a session that asks for `need` is not sent there now; nil when it may be.
    package func obstacle(to need: Resources, under capacity: ResourceBounds, at now: Date) -> String? {
        guard let shortage, capacity == self.capacity, concerns(need, at: now) else { return nil }
        let isUnderTrial = trialSince.map { $0 <= now && now.timeIntervalSince($0) < trial } ?? false
        return isUnderTrial || now < closedUntil ? shortage.reason : nil
    }

    /// When the next one may try; nil when it may now.
    package func opens(after now: Date) -> Date? { now < closedUntil ? closedUntil : nil }

    /// What asks for less than the one that was refused may well fit. What was noted in a time that has not come yet, since the
    /// clock was set back, keeps nobody waiting.
    private func concerns(_ need: Resources, at now: Date) -> Bool {
        guard let shortage, refusedAt <= now, now.timeIntervalSince(refusedAt) < Self.memory else { return false }
        return shortage.kinds.contains { kind in
            switch kind {
            case .sessions: true
            case .cpu: need.cpu >= self.need.cpu
            case .memory: need.memory >= self.need.memory
            // Where one was refused that asks for none, the name means something else.
            case .gpu: need.gpu >= self.need.gpu
            }
        }
    }
}
