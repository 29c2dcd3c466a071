import ArgumentParser
import OrreryAgent

/// `orrery-agent manifest`: what `kubectl kustomize deploy/agent` gives, without the files.
struct ManifestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifest", abstract: "Print the objects with which the agent comes into a cluster.",
        discussion: """
            All but the Secret with the join string, which is the site's to make:

              kubectl -n orrery-agent create secret generic orrery-join --from-file=join=FILE
            """)

    @Flag(help: "Say beside each right what it is for.")
    var explain = false
    @Option(help: "The agent's image, by digest where that is known.")
    var image: String?
    @Option(help: "The agent's own namespace.")
    var namespace: String?
    @Option(help: "The namespace where sessions live; another than the agent's.")
    var sessions: String?
    @Flag(
        name: .customLong("nodes"), help: "Let the agent see the nodes, so that the hub knows the exact room on them.")
    var seesNodes = false

    func validate() throws {
        let (own, other) = (namespace ?? AgentManifest().namespace, sessions ?? AgentManifest().sessions)
        guard own != other else {
            throw ValidationError(
                "the agent and the sessions want two namespaces: what runs in one can mount the Secrets of it")
        }
    }

    func run() {
        var manifest = AgentManifest()
        if let image { manifest.image = image }
        if let namespace { manifest.namespace = namespace }
        if let sessions { manifest.sessions = sessions }
        manifest.seesNodes = seesNodes
        print(manifest.text(explaining: explain), terminator: "")
    }
}
