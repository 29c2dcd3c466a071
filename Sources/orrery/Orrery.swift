import ArgumentParser
import OrreryHub

@main
struct Orrery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orrery", abstract: "A federated analysis-facility hub.", version: OrreryVersion.text,
        subcommands: [
            HubCommand.self, UpCommand.self, PocketCommand.self, CheckCommand.self, ExplainCommand.self,
            ProfilesCommand.self, ManifestsCommand.self,
            ClustersCommand.self, DoctorCommand.self, KeysCommand.self,
            AuditCommand.self, LoginCommand.self, LogoutCommand.self, WhoamiCommand.self, TokenCommand.self,
            VersionCommand.self,
        ])
}
