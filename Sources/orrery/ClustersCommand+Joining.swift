import ArgumentParser
import Foundation
import OrreryHub
import OrreryModel

// How clusters get in.
extension ClustersCommand {
    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a join string with a new token.",
            discussion: "Give it to the site. It is good once, for a day, and nobody can read it again.")
        @Option(help: "The hub group that will own the cluster.") var owner: String?
        @Option(help: "What the cluster will be called.") var name: String?
        @Option(help: "For how many hours it is good.") var hours: UInt32 = 24
        @Option(help: "For how many clusters.") var uses: UInt32 = 1
        @Option(help: "The proxy's key as sha256:BASE64, where it is not the known one; may be repeated.")
        var pin: [String] = []
        @OptionGroup var file: ConfigurationFile

        func run() async throws {
            let wish = InviteWish(
                owner: owner, name: name, life: .seconds(3600 * Int64(hours)), uses: Int64(uses))
            print(try await file.inBackroom { try await $0.invite(wish, pins: pin) })
        }
    }

    struct Address: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the join string without a token, for clusters that somebody claims.")
        @Option(help: "The proxy's key as sha256:BASE64, where it is not the known one; may be repeated.")
        var pin: [String] = []
        @OptionGroup var file: ConfigurationFile

        func run() async throws { print(try await file.inBackroom { try await $0.address(pins: pin) }) }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a cluster in that asks to join.")
        @Argument(help: "How its key begins: at least eight digits.") var key: String
        @Option(help: "What it will be called.") var name: String?
        @Option(help: "The hub group that owns it.") var owner: String?
        @Option(help: "Whose sessions it takes: unclaimed, owner, federation, or groups with commas.") var trust:
            String?
        @Option(help: "Up to which class of data: public, collaboration or restricted.") var data: String?
        @OptionGroup var reason: ClusterReason

        func run() async throws {
            let ceiling = try data.map(DataCeiling.init(argument:))
            let given = try await reason.file.inBackroom {
                try await $0.approveCluster(
                    key, name: name, owner: owner, trust: trust, data: ceiling, because: reason.because)
            }
            print("\(given) is a member")
        }
    }

    struct Deny: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Refuse a cluster that asks to join.")
        @Argument(help: "How its key begins: at least eight digits.") var key: String
        @OptionGroup var reason: ClusterReason

        func run() async throws {
            try await reason.file.inBackroom { try await $0.denyCluster(key, because: reason.because) }
            print("refused")
        }
    }

    struct Adopt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that what asks to join is a member under a new key.",
            discussion: "After an older copy of the database was put back, or when a site has lost its key.")
        @Argument(help: "How its key begins: at least eight digits.") var key: String
        @Argument(help: "The cluster that it is.") var cluster: String
        @OptionGroup var reason: ClusterReason

        func run() async throws {
            try await reason.file.inBackroom {
                try await $0.adoptCluster(key, into: cluster, because: reason.because)
            }
            print("\(cluster) has this key now, and no other")
        }
    }
}

extension DataCeiling {
    /// From the command line.
    init(argument text: String) throws {
        guard let ceiling = DataCeiling(rawValue: text) else {
            throw Failure(
                "`\(text)` is no class of data: write \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = ceiling
    }
}
