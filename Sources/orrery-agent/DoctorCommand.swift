import ArgumentParser
import Foundation
import Logging
import OrreryAgent

/// `orrery-agent doctor`: whether sessions will run here, and if not, whose doing it is.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at everything that sessions depend on here; exit status 1 if one fails.",
        discussion: """
            Each line says ok, warning or failed, what was found, whose doing it is and what to do. Two small sessions are started \
            with --image, and removed; nothing else is changed. It runs best where the agent runs:

              kubectl -n orrery-agent exec deploy/orrery-agent -- orrery-agent doctor --namespace orrery \
                --policy /etc/orrery/policy/policy.yaml --image …
            """)

    @Option(help: "How to reach the cluster; without it the cluster in whose pod this runs.")
    var kubeconfig: String?
    @Option(help: "Where sessions live; without it the kubeconfig's namespace, or the pod's own.")
    var namespace: String?
    @Option(name: .customLong("own-namespace"), help: "The agent's own namespace; without it that of the pod.")
    var own: String?
    @Option(help: "The site's policy, a YAML file.")
    var policy: String?
    @Option(name: .customLong("join-file"), help: "A file with the join string; or the variable ORRERY_JOIN.")
    var joinFile: String?
    @Option(help: "A PEM file of the authorities that the hub's certificate comes from; without it the system's.")
    var authorities: String?
    @Option(help: "An image by digest with python3 in it, for a session to try.")
    var image: String?
    @Flag(help: "Print one JSON object for each finding.")
    var json = false

    func run() async throws {
        let logger = Logger(label: "orrery-agent") { _ in SwiftLogNoOpLogHandler() }
        var doctor = try Doctor(
            kubeconfig: kubeconfig, namespace: namespace, own: own, image: image,
            policy: SitePolicyKeeper(file: policy, logger: logger))
        doctor.hub = try Doctor.hub(
            joinFile: joinFile, authorities: authorities, environment: ProcessInfo.processInfo.environment)
        let isWell = await doctor.examine { finding in print(json ? finding.json : finding.text) }
        if !isWell { throw ExitCode.failure }
    }
}
