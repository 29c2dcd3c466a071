import Foundation
import Logging
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

// Room that only a cluster knows: it says at the creation of a pod, or when no node takes it, that there is none after all.
extension Scheduler {
    /// The cluster takes pods, or with `onNode` has placed one: the next one may try.
    func accepted(_ id: String, onNode: Bool = false) {
        guard let cluster = occupancy[id]?.cluster, let gate = memories[cluster]?.quota, gate.awaitsNode == onNode
        else { return }
        memories[cluster]?.quota.accepted()
        if !line.entries.isEmpty { dispatch() }
    }

    /// The same as `givenBack` until the store answers.
    func takeBack(_ id: String, _ shortage: QuotaShortage) async {
        await patiently("a session that lost its place cannot be read", about: id) {
            try await givenBack(id, shortage)
        }
    }

    /// A session has its place no more and waits again, from when it was asked for: for another cluster, or until somebody leaves.
    func givenBack(_ id: String, _ shortage: QuotaShortage) async throws {
        guard let slot = occupancy[id], let cluster = slot.cluster else { return }
        guard let session = try await store.session(id: id), session.isWaiting else { return }
        var known = starts[id]?.request
        if known == nil { known = try await request(of: session) }
        // It may have ended meanwhile.
        guard var request = known, occupancy[id] == slot else { return }
        // Of one that a hub before this one has sent there nothing else is known.
        request.note(servers: [cluster])
        let shortage = weigh(shortage, of: &request, on: cluster)
        if shortage.isLasting { request.tooLarge[cluster] = shortage.reason }
        close(cluster, shortage, slot.need)
        if shortage.isItsOwn, !shortage.isLasting { pause(&request, on: cluster, shortage.reason) }
        logger.notice(
            "a cluster has no room after all",
            metadata: ["session": "\(id)", "cluster": "\(cluster)", "why": "\(shortage.reason)"])
        // Nobody else may take the place between leaving it and standing in line.
        unstored.insert(id)
        release(id)
        request.ticket = id
        let placement = place(request)
        join(id, request, session.plan, placement, since: session.createdAt)
        unstored.remove(id)
        guard placement.verdicts.contains(where: \.mayServeAgain) else {
            errands.put(.end(id, farewell(placement.verdicts, tooLargeFor: cluster, shortage)))
            return
        }
        dispatch()
    }

    /// Where no node has taken it again and again, and nobody of this hub is there who may leave, it counts as too large.
    private func weigh(
        _ shortage: QuotaShortage, of request: inout PlacementRequest, on cluster: String
    ) -> QuotaShortage {
        guard shortage.isOfNodes, !shortage.isLasting else { return shortage }
        let attempts = request.attempts[cluster, default: 0] + 1
        request.attempts[cluster] = attempts
        let isAlone = (occupancy.clusters[cluster]?.sessions ?? 0) <= 1
        guard isAlone, attempts >= Self.attemptsAlone else { return shortage }
        return QuotaShortage(
            kinds: shortage.kinds, reason: "\(shortage.reason), which was tried \(attempts) times", isLasting: true,
            isOfNodes: true)
    }

    /// How often a session is sent where no node takes it and no other of this hub is, who may leave.
    private static let attemptsAlone = 3

    /// Keeps others of that size away for a while, unless it was this one alone that asks for too much.
    private func close(_ cluster: String, _ shortage: QuotaShortage, _ need: Resources) {
        memories[cluster, default: ClusterMemory()].breaker.gaveBack()
        guard !shortage.isLasting, let facts = clusters().first(where: { $0.name.isExactly(cluster) })?.facts else {
            memories[cluster]?.quota.accepted()
            return
        }
        memories[cluster]?.quota.refused(shortage, asking: need, under: facts.capacity, at: now())
        if let opens = memories[cluster]?.quota.opens(after: now()) { wake(at: opens) }
    }

    /// It is not sent there for a while; others are.
    private func pause(_ request: inout PlacementRequest, on cluster: String, _ reason: String) {
        request.pauses[cluster, default: Pause()].begin(because: reason, at: now())
        if let until = request.pauses[cluster]?.until { wake(at: until) }
    }

    /// `person` has left: whoever a quota, or the nodes, kept away may try, and what they had themselves is free.
    func roomMade(on cluster: String, by person: String) {
        memories[cluster]?.quota.roomMade(at: now())
        for (id, request) in requests where request.person.name.isExactly(person) {
            requests[id]?.pauses[cluster]?.end()
        }
    }

    private func wake(at instant: Date) { errands.put(.wake(.seconds(instant.timeIntervalSince(now())))) }

    private func farewell(
        _ verdicts: [ClusterVerdict], tooLargeFor cluster: String, _ shortage: QuotaShortage
    ) -> String {
        let others = verdicts.filter { !$0.cluster.isExactly(cluster) && !$0.objections.contains { $0.filter == .pin } }
        let elsewhere = others.isEmpty ? "" : " Elsewhere: \(others.compactMap(\.notHere).joined(separator: "; "))."
        let title = verdicts.first { $0.cluster.isExactly(cluster) }?.title ?? cluster
        // Who else works on its nodes is not known here.
        let verdict = shortage.isOfNodes ? "has not taken" : "can never take"
        let sentence = "\(title) \(verdict) this session: \(shortage.reason)."
        return sentence + " Take a smaller size, or choose another cluster." + elsewhere
    }
}
