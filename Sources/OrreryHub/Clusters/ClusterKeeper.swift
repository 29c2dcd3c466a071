import Foundation
import Logging
import OrreryKubernetes
import OrreryModel
import OrrerySpawn
import OrreryStore
import ServiceLifecycle
import Synchronization

/// Looks after the clusters while the hub runs: notices what commands have changed, ends keys and drains whose time has come,
/// and writes down how each cluster does.
struct ClusterKeeper: Service {
    let registry: ClusterRegistry
    let spawner: Spawner
    let persons: any PersonStore
    let audit: AuditLog
    /// Writes down how a cluster does.
    let keep: @Sendable (_ health: String, _ cluster: String, _ since: Date) async throws(StoreError) -> Void
    let now: @Sendable () -> Date
    let logger: Logger
    var pause = Duration.milliseconds(500)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var said: [String: Word] = [:]
            var asked: Set<String> = []
            while (try? await Task.sleep(for: pause)) != nil {
                await registry.refresh()
                await registry.expireKeys()
                await empty(&asked)
                lookForAgents()
                await note(&said)
            }
        }
    }

    /// Stops what still runs on clusters whose time to be emptied is over, and writes it down. What could not be stopped is not
    /// in `asked` and is tried again.
    func empty(_ asked: inout Set<String>) async {
        let now = now()
        let due = registry.records.filter { $0.facets.scheduling.value.isOver(at: now) }
        guard !due.isEmpty else { return }
        for session in spawner.sessions() where !asked.contains(session.id) {
            guard let record = due.first(where: { $0.name == session.cluster }),
                let state = try? await spawner.standing(of: session.id)?.state, state != .stopping, state != .ended
            else { continue }
            let (actor, why) = (record.facets.scheduling.actor, "\(record.title) is emptied")
            do throws(SpawnError) { try await spawner.stop(session.id, by: "\(actor), since \(why)") } catch {
                continue
            }
            asked.insert(session.id)
            // A stop is not undone because its owner's record cannot be read now.
            let owner = try? await persons.person(id: session.person)
            var act = AuditAct(.stop, of: owner, on: session.cluster, to: session.id, because: why)
            act.chief = actor
            await audit.record(act)
        }
    }

    /// Tells the spawner which clusters have no agent at any proxy.
    func lookForAgents() {
        for record in registry.records where record.isConnectable {
            spawner.note(registry.links.absence(of: record.keys.map(\.id)), of: record.name)
        }
    }

    /// How a cluster does, as it was seen last.
    struct Word {
        let words: String
        let since: Date
        /// Whether the store has it.
        var isKept = false
        var isComplained = false
    }

    /// Keeps health in the store when it has changed; what the store does not take is tried again until it does.
    func note(_ said: inout [String: Word]) async {
        for record in registry.records where record.facets.membership.value == .member {
            let words = health(of: record).words
            if said[record.name]?.words != words {
                logger.notice("a cluster's health", metadata: ["cluster": "\(record.name)", "health": "\(words)"])
                said[record.name] = Word(words: words, since: now())
            }
            guard var word = said[record.name], !word.isKept else { continue }
            do throws(StoreError) {
                try await keep(words, record.name, word.since)
                word.isKept = true
            } catch {
                if !word.isComplained {
                    logger.error(
                        "a cluster's health cannot be kept yet",
                        metadata: ["cluster": "\(record.name)", "error": "\(error)"])
                }
                word.isComplained = true
            }
            said[record.name] = word
        }
    }

    func health(of record: ClusterRecord) -> ClusterHealth {
        ClusterHealth(
            spawner.condition(of: record.name), of: record, links: registry.links.links(of: record.keys.map(\.id)),
            clockOffset: spawner.clockOffset(of: record.name))
    }
}

extension ClusterScheduling {
    fileprivate func isOver(at now: Date) -> Bool {
        guard case .draining(let until?) = self else { return false }
        return until <= now
    }
}

extension Spawner {
    /// Takes up the clusters of `change`, and lets those go that belong to the site no more.
    func follow(_ change: ClusterRegistry.Change) async {
        for cluster in change.clusters where cluster.access.reach == .agent { await put(cluster.access) }
        let ours = Set(change.clusters.map(\.name))
        for record in change.records.values where record.kind == .direct && !ours.contains(record.name) {
            miss(record.name, because: "\(record.title) is not configured any more, and its pod there was not touched.")
        }
        for record in change.records.values where record.kind == .agent && !record.isConnectable {
            guard change.before[record.name]?.isConnectable ?? true else { continue }
            let membership = record.facets.membership
            drop(
                record.name,
                because:
                    "\(record.title) does not belong to this hub any more (\(membership.value.rawValue): \(membership.reason))."
            )
        }
    }
}
