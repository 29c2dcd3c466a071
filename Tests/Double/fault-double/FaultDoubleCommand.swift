import ArgumentParser
import FaultDouble
import Foundation
import OrreryFetch

/// The double as a program, for tests that are not written in Swift.
@main
struct FaultDoubleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault-double",
        abstract: "A proxy in front of a Kubernetes API server that misbehaves on demand (see Tests/Double).")

    @Option(help: "The API server: http://127.0.0.1:16443.")
    var upstream: String
    @Option(help: "PEM file of the authority that signed its certificate.")
    var ca: String?
    @Option(help: "File with the bearer token to show instead of what clients show.")
    var token: String?
    @Option(help: "Port of the API; 0 for any.")
    var port = 0
    @Option(help: "Port of the control interface; 0 for any.")
    var control = 0

    func run() async throws {
        let authority = try ca.map { try String(contentsOfFile: $0, encoding: .utf8) }
        let shown = try token.map { path in
            try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let double = try await FaultDouble(
            Upstream(upstream, trust: authority.map { .authority(pem: $0) } ?? .system, token: shown), port: port,
            controlPort: control)
        let ports = #"{"port": \#(double.port), "control": \#(double.controlPort)}"# + "\n"
        try FileHandle.standardOutput.write(contentsOf: Data(ports.utf8))
        try await double.run()
    }
}
