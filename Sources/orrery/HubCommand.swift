import ArgumentParser
import Logging
import OrreryHub
import ServiceLifecycle

/// `orrery hub`: the control plane alone; the proxy is a process of its own.
struct HubCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hub", abstract: "Run the hub; the proxy runs as `orrery-proxy`.")

    @OptionGroup var file: ConfigurationFile
    @OptionGroup var log: LogOptions

    func run() async throws {
        let configuration = try file.read()
        let logger = log.makeLogger("hub")
        let hub = try await Run.prepared(logger) { try await Hub(configuration, logger: logger) }
        try await Run.untilSignal([hub], logger: logger)
    }
}
