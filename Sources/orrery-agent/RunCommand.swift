import ArgumentParser
import Foundation
import Logging
import OrreryAgent
import ServiceLifecycle
import UnixSignals

/// `orrery-agent run`: joins and stays.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Join a hub and carry its sessions, until SIGTERM.",
        discussion: """
            The join string comes from --join-file, the variable ORRERY_JOIN, or --join; everybody on the machine can read \
            the last one while the agent runs. HTTPS_PROXY and NO_PROXY are honoured.
            """)

    @Option(help: "The join string, orrery://…")
    var join: String?

    @Option(help: "A file with the join string.")
    var joinFile: String?

    @Option(help: "How to reach the cluster; without it the cluster in whose pod this runs.")
    var kubeconfig: String?

    @Option(help: "Where sessions live; without it the kubeconfig's namespace, or the pod's own.")
    var namespace: String?

    @Option(help: "A directory for the agent's key, instead of a Secret of the cluster.")
    var state: String?

    @Option(help: "The site's policy, a YAML file.")
    var policy: String?

    @Option(help: "The name that you wish for this cluster.")
    var name: String?

    @Option(help: "A PEM file of the authorities that the hub's certificate comes from; without it the system's.")
    var authorities: String?

    @Option(help: "A file with a token of an identity provider, for hubs that admit by it.")
    var oidcFile: String?

    @Option(help: "A PEM file with this site's certificate and its chain, for hubs that admit by it.")
    var chain: String?

    @Option(help: "The PEM file of the key of that certificate, without a passphrase.")
    var chainKey: String?

    @Option(help: "Seconds that running connections have when the agent is told to leave.")
    var grace = 50

    @OptionGroup var log: LogOptions

    func run() async throws {
        let logger = log.makeLogger("orrery-agent")
        let service = AgentService(try configuration(), logger: logger) { line in
            FileHandle.standardOutput.write(Data("\(line)\n".utf8))
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do { try await group.run() } catch let error as AgentError { throw Failure("\(error)") }
    }

    private func configuration() throws -> AgentConfiguration {
        var places = AgentConfiguration.Places()
        (places.join, places.joinFile, places.kubeconfig, places.namespace) = (join, joinFile, kubeconfig, namespace)
        do {
            var configuration = try AgentConfiguration.read(places, environment: ProcessInfo.processInfo.environment)
            (configuration.state, configuration.policy, configuration.wish) = (state, policy, name)
            configuration.authorities = authorities
            configuration.evidence.oidc = oidcFile
            (configuration.evidence.chain, configuration.evidence.chainKey) = (chain, chainKey)
            configuration.grace = .seconds(max(0, grace))
            return configuration
        } catch { throw Failure("\(error)") }
    }
}
