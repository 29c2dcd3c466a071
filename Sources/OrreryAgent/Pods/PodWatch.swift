package import Logging
package import OrreryKubernetes

/// Keeps a book of the hub's pods in the namespaces that the site allows.
package struct PodWatch: Sendable {
    /// What is watched.
    package struct Scope: Hashable, Sendable {
        package let namespaces: [String]
        /// The value of the label that the hub's pods carry.
        package let hub: String

        package init(namespaces: [String], hub: String) {
            self.namespaces = namespaces
            self.hub = hub
        }
    }

    private let book: PodBook
    private let client: @Sendable (_ namespace: String) -> KubernetesClient
    private let scope: @Sendable () -> Scope
    private let time: Timekeeper
    private let logger: Logger

    /// `scope` is asked again every few seconds: the site may change its mind.
    package init(
        _ book: PodBook, client: @escaping @Sendable (_ namespace: String) -> KubernetesClient,
        scope: @escaping @Sendable () -> Scope, time: Timekeeper = .continuous, logger: Logger
    ) {
        self.book = book
        self.client = client
        self.scope = scope
        self.time = time
        self.logger = logger
    }

    /// Watches until the task is cancelled. While the API does not answer, the last that was seen holds: sessions that run
    /// go on, and so do their connections.
    package func run() async {
        while !Task.isCancelled {
            let present = scope()
            await withTaskGroup { group in
                for namespace in present.namespaces { group.addTask { await watch(namespace, hub: present.hub) } }
                group.addTask {
                    while scope() == present { guard (try? await time.sleep(.seconds(5))) != nil else { return } }
                }
                await group.next()
                group.cancelAll()
            }
            // Of those that stay the last that was seen holds until they are seen again.
            let next = scope()
            let stays = Task.isCancelled || next.hub != present.hub ? [] : Set(next.namespaces)
            for namespace in Set(present.namespaces).subtracting(stays) { book.forget(namespace: namespace) }
        }
    }

    private func watch(_ namespace: String, hub: String) async {
        let selection = Selection(labels: "orrery.io/hub=\(hub)")
        let reflector = Reflector(PodPlace.self, client(namespace), selection, time: time, logger: logger)
        await reflector.run { reflection in
            if case .unseen(let error) = reflection {
                logger.warning(
                    "the cluster's pods cannot be seen; those that are known stay reachable",
                    metadata: ["namespace": "\(namespace)", "error": "\(error)"])
            }
            book.take(reflection, namespace: namespace)
        }
    }
}
