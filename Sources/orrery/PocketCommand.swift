import ArgumentParser
import Logging
import OrreryPocket

/// `orrery pocket`: the pocket-size cluster.
struct PocketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pocket",
        abstract: "Run a pocket-size cluster: the Kubernetes API, and pods as sandboxed processes.")

    @Option(name: .customLong("config"), help: "The configuration file.")
    var path = "pocket.yaml"

    @Flag(help: "End the pods when this process ends, instead of finding them again at the next start.")
    var stopPodsAtExit = false

    @OptionGroup var log: LogOptions

    func run() async throws {
        let logger = log.makeLogger("pocket")
        let server = try await Run.prepared(logger) {
            try PocketServer(
                configuration: PocketConfiguration.read(file: path), logger: logger, stopPodsAtExit: stopPodsAtExit)
        }
        try await Run.untilSignal([server], logger: logger)
    }
}
