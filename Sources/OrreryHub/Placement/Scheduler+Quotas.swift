import Foundation
import Logging
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

// Quotas that only a cluster knows: it says at the creation of a pod that there is no room after all.
extension Scheduler {
    /// The cluster takes pods: the next one may try.
    func accepted(_ id: String) {
        guard let cluster = occupancy[id]?.cluster, memories[cluster] != nil else { return }
        memories[cluster]?.quota.accepted()
        if !line.entries.isEmpty { dispatch() }
    }

    /// A session has its place no more and waits again, from when it was asked for: for another cluster, or until somebody leaves.
    func givenBack(_ id: String, _ shortage: QuotaShortage) async {
        guard let slot = occupancy[id], let cluster = slot.cluster else { return }
        guard let session = try? await store.session(id: id), session.isWaiting else { return }
        var known = starts[id]?.request
        if known == nil { known = await request(of: session) }
        guard var request = known else { return }
        if shortage.isLasting { request.tooLarge[cluster] = shortage.reason }
        close(cluster, shortage, slot.need)
        logger.notice(
            "a cluster's own quota is full",
            metadata: ["session": "\(id)", "cluster": "\(cluster)", "why": "\(shortage.reason)"])
        // Nobody else may take the place between leaving it and standing in line.
        unstored.insert(id)
        release(id)
        request.ticket = id
        let placement = place(request)
        join(id, request, session.plan, placement, since: session.createdAt)
        unstored.remove(id)
        guard placement.verdicts.contains(where: \.mayServeLater) else {
            return await dismiss(id, because: placement.verdicts, tooLargeFor: cluster, shortage)
        }
        dispatch()
    }

    /// Keeps others of that size away for a while, unless it was this one alone that asks for too much.
    private func close(_ cluster: String, _ shortage: QuotaShortage, _ need: Resources) {
        memories[cluster, default: ClusterMemory()].breaker.gaveBack()
        guard !shortage.isLasting, let facts = clusters().first(where: { $0.name.isExactly(cluster) })?.facts else {
            memories[cluster]?.quota.accepted()
            return
        }
        memories[cluster]?.quota.refused(shortage, asking: need, under: facts.capacity, at: now())
        if let opens = memories[cluster]?.quota.opens(after: now()) {
            errand.yield(.wake(.seconds(opens.timeIntervalSince(now()))))
        }
    }

    private func dismiss(
        _ id: String, because verdicts: [ClusterVerdict], tooLargeFor cluster: String, _ shortage: QuotaShortage
    ) async {
        let others = verdicts.filter { !$0.cluster.isExactly(cluster) && !$0.objections.contains { $0.filter == .pin } }
        let elsewhere = others.isEmpty ? "" : " Elsewhere: \(others.compactMap(\.notHere).joined(separator: "; "))."
        let title = verdicts.first { $0.cluster.isExactly(cluster) }?.title ?? cluster
        let sentence = "\(title) can never take this session: \(shortage.reason)."
        await end(id, saying: sentence + " Take a smaller size, or choose another cluster." + elsewhere)
    }
}
