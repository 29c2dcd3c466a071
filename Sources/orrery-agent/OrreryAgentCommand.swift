import ArgumentParser
import OrreryAgent

@main
struct OrreryAgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orrery-agent", abstract: "Lets a hub run sessions on this cluster, by this site's rules.",
        version: AgentService.version,
        subcommands: [RunCommand.self, ManifestCommand.self, DoctorCommand.self])
}
