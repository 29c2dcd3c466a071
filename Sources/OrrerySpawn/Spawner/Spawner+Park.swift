import Logging
package import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

/// The clusters that a spawner knows.
struct Park {
    var clients: [String: KubernetesClient]
    /// Ends the watches of those that are watched.
    var stops: [String: AsyncStream<Void>.Continuation] = [:]
    /// Those that belong to the site no more, and the sentence for whoever had a session there.
    var gone: [String: String] = [:]
    /// Those that are not configured any more, perhaps by a slip: what is stored of their sessions stays until somebody stops
    /// them, with this sentence.
    var missing: [String: String] = [:]
}

// Clusters come and go while the spawner runs.
extension Spawner {
    var clusters: [String: KubernetesClient] { park.withLock { $0.clients } }

    /// Takes a cluster up, or takes its new access. What is stored of its sessions lives on from then on. The same again
    /// changes nothing.
    package func put(_ access: ClusterAccess) async {
        let client = makeClient(access)
        let (isNew, stop) = park.withLock { park in
            (park.gone[access.name], park.missing[access.name]) = (nil, nil)
            guard park.clients[access.name].map({ !$0.access.isSame(as: access) }) ?? true else {
                return (false, AsyncStream<Void>.Continuation?.none)
            }
            park.clients[access.name] = client
            return (true, park.stops.removeValue(forKey: access.name))
        }
        stop?.finish()
        guard isNew, live.withLock({ $0.isRunning }) else { return }
        begin(client)
        let records = try? await scene.store.allActive()
        for record in records ?? [] where record.cluster == access.name { add(record) }
        scene.board.tell(.condition(cluster: access.name))
    }

    /// Why nothing can be done any more about the pod of `session`: the site has given the hub another namespace. Nil while something can.
    func farewell(to session: SessionRecord) -> String? {
        guard let namespace = clusters[session.cluster]?.access.namespace, namespace != session.namespace else {
            return nil
        }
        return "\(session.cluster) has given this hub another namespace, and its pod cannot be seen any more."
    }

    /// Lets a cluster go: nothing there is asked or touched any more. Its sessions end as lost, with `sentence`.
    package func drop(_ cluster: String, because sentence: String) {
        let stop = park.withLock { park in
            park.gone[cluster] = sentence
            park.clients[cluster] = nil
            return park.stops.removeValue(forKey: cluster)
        }
        stop?.finish()
        let sessions = live.withLock { live in
            live.conditions[cluster] = nil
            live.silent[cluster] = nil
            live.absences[cluster] = nil
            live.pictured.remove(cluster)
            live.orphans = live.orphans.filter { $0.value.cluster != cluster }
            return live.sessions.values.filter { $0.record.cluster == cluster }
        }
        for session in sessions { session.tell(.abandon(.lost(sentence))) }
    }

    /// Says of a cluster that it is not configured any more. Its sessions stay as they are stored; one that is stopped ends as lost,
    /// with `sentence`, and its pod is not touched.
    package func miss(_ cluster: String, because sentence: String) {
        park.withLock { park in
            if park.clients[cluster] == nil { park.missing[cluster] = sentence }
        }
    }

    func begin(_ cluster: KubernetesClient) {
        let (stop, continuation) = AsyncStream.makeStream(of: Void.self)
        park.withLock { $0.stops.updateValue(continuation, forKey: cluster.access.name) }?.finish()
        launch.yield(.cluster(cluster, until: stop))
    }

    /// Ends a stored session of a cluster that is gone.
    func end(_ record: SessionRecord, because sentence: String) async {
        let now = scene.now()
        let ending = Ending.lost(sentence)
        do {
            // First what is stored: a route that cannot be closed now leads to nothing, and is told anew at a restart.
            let event = try await scene.store.advance(record.id, at: now) {
                $0.end(ending.reason, ending.sentence, at: now)
            }.event
            scene.board.publish(event)
            try await scene.routes.close(record.prefix)
        } catch {
            scene.logger.error(
                "a session of a cluster that is gone could not be ended",
                metadata: ["session": "\(record.id)", "cluster": "\(record.cluster)", "error": "\(error)"])
        }
    }
}
