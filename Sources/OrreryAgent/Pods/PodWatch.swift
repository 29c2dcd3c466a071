package import Logging
package import OrreryKubernetes

/// Keeps a book of the hub's pods in the namespaces that the site allows.
package struct PodWatch: Sendable {
    private let book: PodBook
    private let clients: [KubernetesClient]
    private let hub: String
    private let logger: Logger

    /// One client for each namespace; `hub` is the value of the label that the hub's pods carry.
    package init(_ book: PodBook, _ clients: [KubernetesClient], hub: String, logger: Logger) {
        self.book = book
        self.clients = clients
        self.hub = hub
        self.logger = logger
    }

    /// Watches until the task is cancelled. While the API does not answer, the last that was seen holds: sessions that run
    /// go on, and so do their connections.
    package func run() async {
        let selection = Selection(labels: "orrery.io/hub=\(hub)")
        await withTaskGroup { group in
            for client in clients {
                group.addTask {
                    let reflector = Reflector(Pod.self, client, selection, logger: logger)
                    await reflector.run { reflection in book.take(reflection, namespace: client.namespace) }
                    book.forget(namespace: client.namespace)
                }
            }
        }
    }
}
