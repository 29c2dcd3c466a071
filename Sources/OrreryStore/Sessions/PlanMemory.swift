internal import OrreryModel
internal import Synchronization

/// Plans as they were understood when their sessions were read before. A session is read again and again on its way, and
/// its plan, the greater part of its row, does not change.
///
/// Concurrency: any thread may ask.
final class PlanMemory: Sendable {
    private let known = Mutex<[String: (text: String, plan: Plan)]>([:])
    private let limit: Int

    init(limit: Int = 20_000) { self.limit = limit }

    /// The plan that `text` describes, for the session `id`. Another text than the last one is read anew.
    func plan(_ text: String, of id: String) throws -> Plan {
        if let known = known.withLock({ $0[id] }), known.text.utf8.elementsEqual(text.utf8) { return known.plan }
        let plan = try Column.document(text, as: Plan.self)
        keep(plan, writtenAs: text, of: id)
        return plan
    }

    /// Takes a plan that was just written.
    func keep(_ plan: Plan, writtenAs text: String, of id: String) {
        known.withLock { known in
            if known.count >= limit { known = [:] }
            known[id] = (text, plan)
        }
    }

    /// Nobody will ask for it again soon.
    func forget(_ id: String) { known.withLock { _ = $0.removeValue(forKey: id) } }
}
