import Logging
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

// What is left on a cluster of sessions that have ended.
extension Spawner {
    /// Looks once a day, a minute after the start at the earliest, and not before the cluster's pods are known.
    func collect(on cluster: KubernetesClient) async {
        var pause = Duration.seconds(60)
        while (try? await scene.time.sleep(pause)) != nil {
            let isPictured = live.withLock { $0.pictured.contains(cluster.access.name) }
            pause = isPictured ? .seconds(86_400) : .seconds(60)
            if isPictured { await collectOnce(on: cluster) }
        }
    }

    /// Removes the Secrets and the ConfigMap of sessions that the store knows to have ended, as they are left when a hub may
    /// not delete them, or dies with its database. Those of sessions that the store does not know are counted and left alone:
    /// an older copy of the database may have been put back.
    ///
    /// Only ConfigMaps are listed: they hold no secrets, and the Secrets' names follow from theirs.
    func collectOnce(on cluster: KubernetesClient) async {
        do {
            let found = try await cluster.list(ConfigMap.self, PodMark.selection(hub: scene.settings.hub))
            var unknown = 0
            for metadata in found.items.map(\.metadata) {
                guard let id = metadata.labels?[PodMark.session] else { continue }
                guard let session = try? await scene.store.session(id: id) else {
                    unknown += 1
                    continue
                }
                guard session.state == .ended, metadata.labels?[PodMark.spawn] == session.spawn else { continue }
                do throws(KubernetesError) { try await discard(session, on: cluster) } catch {
                    // One that may not be deleted keeps the others no longer than this.
                    guard error.refusal?.code == 403 else { throw error }
                    scene.logger.warning(
                        "what an ended session had left may not be removed",
                        metadata: [
                            "cluster": "\(cluster.access.name)", "session": "\(session.id)", "error": "\(error)",
                        ])
                }
            }
            guard unknown > 0 else { return }
            scene.logger.warning(
                "a cluster has objects of sessions that are not in the database; they are left alone",
                metadata: ["cluster": "\(cluster.access.name)", "objects": "\(unknown)"])
        } catch {
            scene.logger.info(
                "a cluster was not searched for what ended sessions have left",
                metadata: ["cluster": "\(cluster.access.name)", "error": "\(error)"])
        }
    }

    private func discard(_ session: SessionRecord, on cluster: KubernetesClient) async throws(KubernetesError) {
        for name in [session.tokenName, session.tokensName] {
            do { try await cluster.delete(SecretObject.self, name) } catch {
                guard error.isNotFound else { throw error }
            }
        }
        do { try await cluster.delete(ConfigMap.self, session.accountsName) } catch {
            guard error.isNotFound else { throw error }
        }
        scene.logger.notice(
            "what an ended session had left was removed",
            metadata: ["cluster": "\(cluster.access.name)", "session": "\(session.id)"])
    }
}
