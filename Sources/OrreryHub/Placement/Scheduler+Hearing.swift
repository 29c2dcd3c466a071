import Foundation
import Logging
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

// What becomes of sessions.
extension Scheduler {
    func hear(_ news: SpawnNews) async {
        switch news {
        case .condition: dispatch()
        case .session(let event): await hear(event)
        case .accepted(let session): accepted(session)
        case .givenBack(let session, let shortage):
            // Others' news does not wait for the store.
            do { try await givenBack(session, shortage) } catch { errands.put(.takeBack(session, shortage)) }
        }
    }

    private func hear(_ event: SessionEventRecord) async {
        let id = event.session
        guard let slot = occupancy[id] else { return }
        switch event.state {
        case .queued: return
        case .creating: starts[id]?.phase = event.state
        case .scheduled, .volumes, .image, .starting, .answering:
            // Only the first of them says that a node was found, since the last refusal perhaps.
            let isNews = starts[id].map { [.queued, .creating].contains($0.phase) } ?? false
            starts[id]?.phase = event.state
            if isNews { accepted(id, onNode: true) }
        case .ready: arrived(id, slot)
        case .unreachable, .stopping: isUnderWayNoMore(id, slot)
        case .ended: await ended(id, slot)
        }
    }

    private func arrived(_ id: String, _ slot: Occupancy.Slot) {
        guard let start = starts.removeValue(forKey: id), let cluster = slot.cluster else { return }
        memories[cluster, default: ClusterMemory()].succeeded(image: start.image)
        isUnderWayNoMore(id, slot)
    }

    /// The next may begin its way.
    private func isUnderWayNoMore(_ id: String, _ slot: Occupancy.Slot) {
        guard slot.isStarting else { return }
        occupancy.hold(slot.started(), for: id)
        dispatch()
    }

    /// Takes note that the session has ended, for whoever asks for its place at once: the news of it may not have been heard yet.
    func noteEnd(of id: String) async {
        if let slot = occupancy[id] { await ended(id, slot) }
    }

    private func ended(_ id: String, _ slot: Occupancy.Slot) async {
        guard let cluster = slot.cluster else { return leave(id) }
        // Taken out first: while it is not known why it ended, nobody else tries the cluster.
        let start = starts.removeValue(forKey: id)
        roomMade(on: cluster, by: slot.person)
        release(id)
        guard let start else { return }
        let hasFailed = (try? await store.session(id: id))?.endReason == .failedToStart
        let isClusters = hasFailed && start.phase.isClustersPart
        if hasFailed { memories[cluster, default: ClusterMemory()].failed(isClusters: isClusters, at: now()) }
        if start.isTrial, !isClusters {
            memories[cluster]?.breaker.gaveBack()
            dispatch()
        }
        guard isClusters, let until = memories[cluster]?.breaker.closedUntil(at: now()) else { return }
        logger.warning(
            "a cluster gets no new sessions for a while, since they do not start there",
            metadata: ["cluster": "\(cluster)", "until": "\(Moment(until).text)"])
        errands.put(.wake(.seconds(until.timeIntervalSince(now()))))
    }
}

extension SessionState {
    /// Whether a start that fails here fails because of the cluster. The image and what runs in it are the profile's.
    fileprivate var isClustersPart: Bool {
        switch self {
        case .queued, .creating, .scheduled, .volumes, .answering: true
        case .image, .starting, .ready, .unreachable, .stopping, .ended: false
        }
    }
}
