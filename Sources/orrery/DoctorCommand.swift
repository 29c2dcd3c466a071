import ArgumentParser
import OrreryHub

/// `orrery doctor`: is everything there that sessions need?
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look whether hub, proxy, policy and clusters are well.",
        discussion:
            "Run it as the hub's account, on its machine. It changes nothing. The exit status is 1 if anything is wrong."
    )

    @Option(help: "Only this cluster.") var cluster: String?
    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        let findings = try await file.inBackroom { try await HubDoctor($0).findings(cluster: cluster) }
        for finding in findings { print("\(finding.isWell ? "ok   " : "WRONG")  \(finding.what) \(finding.words)") }
        guard findings.allSatisfy(\.isWell) else { throw ExitCode.failure }
    }
}
