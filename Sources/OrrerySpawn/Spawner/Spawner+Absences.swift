import FoundationEssentials
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

// What the proxies tell of a cluster's agents. A watch over a way that carries nothing notices it by its own end alone, which
// may be a minute and a half away.
extension Spawner {
    /// An absence, and whether it has outlasted the cluster's patience.
    struct Away: Hashable {
        let absence: ClusterAbsence
        let isOver: Bool
    }

    /// Since when no agent of `cluster` is connected; nil when one is, or when nobody knows. Whoever hears of the agents says it
    /// again and again: the cluster is given up when that has lasted for longer than its patience. When an agent is back its
    /// pods are listed anew, unless its watch has seen it all the time.
    package func note(_ absence: ClusterAbsence?, of cluster: String) {
        guard let client = clusters[cluster] else { return }
        let now = scene.now()
        let away = absence.map { Away(absence: $0, isOver: now >= $0.since + client.access.patience / .seconds(1)) }
        let (before, watched) = live.withLock { live in
            let before = live.absences[cluster]
            live.absences[cluster] = away
            return (before, live.conditions[cluster])
        }
        guard before != away else { return }
        if let away {
            guard away.isOver, before?.isOver != true, watched?.isHeard == true else { return }
            tell(.unseen(Words.unreachable(scene.title(cluster), since: away.absence.since)), on: cluster)
        } else if let before, before.isOver || watched != .ready {
            if before.isOver, watched == .ready {
                tell(.seen, on: cluster)
                scene.board.tell(.condition(cluster: cluster))
            }
            if live.withLock({ $0.isRunning }) { begin(client) }
        }
    }

    func tell(_ news: Session.Input, on cluster: String) {
        let sessions = live.withLock { live in live.sessions.values.filter { $0.record.cluster == cluster } }
        for session in sessions { session.tell(news) }
    }
}

extension ClusterCondition {
    /// The same as its watch sees it, and what its agents' absence makes of that.
    func during(_ away: Spawner.Away?) -> ClusterCondition {
        guard let away, isHeard else { return self }
        let (since, reason) = (away.absence.since, away.absence.reason)
        return away.isOver
            ? .unreachable(since: since, reason: "no agent of it is connected: \(reason)")
            : .degraded("no agent of it is connected since \(Words.clock(since)): \(reason)")
    }

    /// Whether it answers, or has answered and is not given up.
    fileprivate var isHeard: Bool {
        switch self {
        case .ready, .degraded: true
        case .unreachable, .neverSeen: false
        }
    }
}
