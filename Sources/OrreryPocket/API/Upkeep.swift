internal import Foundation
internal import OrreryModel
internal import ServiceLifecycle

/// What the controllers of a real cluster do and pocket needs: objects go with their owners, namespaces with what is
/// in them, claims with their last user, events after an hour; and quotas say what is used.
struct Upkeep: Service {
    let store: ObjectStore

    /// Works until the task is cancelled or a shutdown begins: once at the start, and after every change.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            let (signals, feed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            await withDiscardingTaskGroup { group in
                for kind in Kind.allCases {
                    group.addTask { await Self.follow(kind, store) { feed.yield() } }
                }
                group.addTask {
                    await sweepAndRest()
                    for await _ in signals { await sweepAndRest() }
                }
            }
        }
    }

    private static func follow(_ kind: Kind, _ store: ObjectStore, _ signal: @Sendable () -> Void) async {
        while !Task.isCancelled, !store.isFinished, let changes = try? store.changes(kind) {
            // What happened before the watch began, or while it was broken, has to be looked at too.
            signal()
            for await _ in changes { signal() }
        }
    }

    /// Rests nine times as long as it worked: with thousands of objects that change all the time there is always
    /// something to look at, and others need the processor too.
    private func sweepAndRest() async {
        let time = ContinuousClock().measure { sweep() }
        try? await Task.sleep(for: time * 9)
    }

    /// One look at everything. Doing it twice does no more than doing it once.
    func sweep() {
        collectOrphans()
        for namespace in store.list(.namespaces).objects where namespace["metadata"]?["deletionTimestamp"] != nil {
            empty(namespace["metadata"]?["name"]?.string ?? "")
        }
        for claim in store.list(.persistentvolumeclaims).objects where claim["metadata"]?["deletionTimestamp"] != nil {
            let key = Self.key(of: claim, .persistentvolumeclaims)
            if !Self.isInUse(claim: key, store: store) { store.remove(key) }
        }
        let oldest = (Date.now - 3600).timestamp
        for event in store.list(.events).objects
        where (event["metadata"]?["creationTimestamp"]?.string ?? oldest) < oldest {
            store.remove(Self.key(of: event, .events))
        }
        for namespace in Set(store.list(.resourcequotas).objects.compactMap { $0["metadata"]?["namespace"]?.string }) {
            Self.updateQuotas(in: namespace, store: store)
        }
    }

    /// Removes what had owners and has none left.
    private func collectOrphans() {
        let all = Kind.allCases.map { ($0, store.list($0).objects) }
        let uids = Set(all.flatMap(\.1).compactMap { $0["metadata"]?["uid"]?.string })
        for (kind, objects) in all where kind.isNamespaced {
            for object in objects {
                let owners = (object["metadata"]?["ownerReferences"]?.array ?? []).compactMap { $0["uid"]?.string }
                guard !owners.isEmpty, uids.isDisjoint(with: owners) else { continue }
                delete(object, kind)
            }
        }
    }

    private func empty(_ namespace: String) {
        var isEmpty = true
        for kind in Kind.allCases where kind.isNamespaced {
            for object in store.list(kind, namespace: namespace).objects {
                delete(object, kind)
                isEmpty = isEmpty && store.object(Self.key(of: object, kind)) == nil
            }
        }
        if isEmpty { store.remove(ObjectStore.Key(kind: .namespaces, name: namespace)) }
    }

    private func delete(_ object: JSON, _ kind: Kind) {
        guard object["metadata"]?["deletionTimestamp"] == nil else { return }
        // Gone already is as good as deleted.
        _ = try? Deletion(store: store).delete(Self.key(of: object, kind))
    }

    /// Whether a pod that is on the node, and has not ended, uses the claim.
    static func isInUse(claim key: ObjectStore.Key, store: ObjectStore) -> Bool {
        store.list(.pods, namespace: key.namespace).objects.contains { pod in
            let phase = pod["status"]?["phase"]?.string
            guard pod["spec"]?["nodeName"] != nil, phase != "Succeeded", phase != "Failed" else { return false }
            return (pod["spec"]?["volumes"]?.array ?? []).contains {
                $0["persistentVolumeClaim"]?["claimName"]?.string == key.name
            }
        }
    }

    static func updateQuotas(in namespace: String, store: ObjectStore) {
        for quota in store.list(.resourcequotas, namespace: namespace).objects {
            let status = Quota.status(of: quota) { kind in store.list(kind, namespace: namespace).objects }
            _ = store.update(key(of: quota, .resourcequotas)) { $0["status"] = status }
        }
    }

    private static func key(of object: JSON, _ kind: Kind) -> ObjectStore.Key {
        ObjectStore.Key(
            kind: kind, namespace: object["metadata"]?["namespace"]?.string ?? "",
            name: object["metadata"]?["name"]?.string ?? "")
    }
}
