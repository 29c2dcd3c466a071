import ArgumentParser
import Foundation
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
        if let flaw = manifest.flaw { throw ValidationError(flaw) }
    }

    func run() {
        if let doubt = manifest.doubt { FileHandle.standardError.write(Data("warning: \(doubt)\n".utf8)) }
        print(manifest.text(explaining: explain), terminator: "")
    }

    private var manifest: AgentManifest {
        var manifest = AgentManifest()
        if let image { manifest.image = image }
        if let namespace { manifest.namespace = namespace }
        if let sessions { manifest.sessions = sessions }
        manifest.seesNodes = seesNodes
        return manifest
    }
}
