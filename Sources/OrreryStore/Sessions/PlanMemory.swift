internal import OrreryModel
internal import Synchronization

/// Plans as they were understood when their sessions were read before. A session is read again and again on its way, and
/// its plan, the greater part of its row, does not change without its hash.
///
/// Concurrency: any thread may ask.
final class PlanMemory: Sendable {
    private let known = Mutex<[String: (hash: String, plan: Plan)]>([:])
    private let limit: Int

    init(limit: Int = 20_000) { self.limit = limit }

    /// The plan of that hash, if it was the last one of the session `id`.
    func plan(hash: String, of id: String) -> Plan? {
        guard let known = known.withLock({ $0[id] }), known.hash.isExactly(hash) else { return nil }
        return known.plan
    }

    /// Takes a plan that was just written or read.
    func keep(_ plan: Plan, hash: String, of id: String) {
        known.withLock { known in
            if known.count >= limit { known = [:] }
            known[id] = (hash, plan)
        }
    }

    /// Nobody will ask for it again soon.
    func forget(_ id: String) { known.withLock { _ = $0.removeValue(forKey: id) } }
}
