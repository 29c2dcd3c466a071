import ArgumentParser
import Foundation
import OrreryHub
import OrreryModel

/// `orrery clusters`: who belongs to the site.
struct ClustersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clusters", abstract: "Look at clusters, let them in, and decide about them.",
        discussion: "Run it as the hub's account. A hub that runs follows within a second.",
        subcommands: [
            List.self, Show.self, Invite.self, Address.self, Approve.self, Deny.self, Adopt.self, Cordon.self,
            Uncordon.self, Drain.self, Trust.self, Suspend.self, Resume.self, Revoke.self, Leave.self, Rotate.self,
            Audit.self,
        ], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every cluster, and those that ask to join.")
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            for line in try await file.inBackroom({ try await $0.clusterLines() }) { print(line) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is known of a cluster and was decided about it.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            for line in try await file.inBackroom({ try await $0.clusterLines(of: cluster) }) { print(line) }
        }
    }

    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Name members that today's rules would not let in; exit status 1 if there are any.")
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            let lines = try await file.inBackroom { try await $0.clusterAudit() }
            for line in lines { print(line) }
            guard lines.isEmpty else { throw ExitCode.failure }
        }
    }
}

/// Why something is decided; it stands in the audit log and on the cluster's page.
struct ClusterReason: ParsableArguments {
    @Option(help: "Why: it stands in the audit log and on the cluster's page.") var because = ""
    @OptionGroup var file: ConfigurationFile
}
