import ArgumentParser
import Logging
import OrreryHub

/// `orrery up`: hub and proxy in one process, for one machine.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run hub and proxy in one process.",
        discussion: "When this process ends, running notebooks cannot be reached until it is back; they go on.")

    @OptionGroup var file: ConfigurationFile
    @OptionGroup var log: LogOptions

    func run() async throws {
        let configuration = try file.read()
        let logger = log.makeLogger("orrery")
        let hub = try await Run.prepared(logger) { try await Hub(configuration, logger: logger) }
        let proxy = try await Run.prepared(logger) { try ProxyService(configuration) }
        try await Run.untilSignal([proxy, hub], logger: logger)
    }
}
