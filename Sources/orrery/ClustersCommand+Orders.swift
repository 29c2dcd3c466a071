import ArgumentParser
import Foundation
import OrreryHub
import OrreryModel

/// A subcommand that wants one thing of one cluster.
protocol ClusterOrdering: AsyncParsableCommand {
    var cluster: String { get }
    var reason: ClusterReason { get }
    var orders: [ClusterOrder] { get throws }
}

extension ClusterOrdering {
    func run() async throws {
        let orders = try orders
        try await reason.file.inBackroom { room in
            try await room.order(orders, of: cluster, because: reason.because)
        }
        print("done")
    }
}

// What is decided about members.
extension ClustersCommand {
    struct Cordon: ClusterOrdering {
        static let configuration = CommandConfiguration(abstract: "No new sessions; what runs stays.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.cordon] }
    }

    struct Uncordon: ClusterOrdering {
        static let configuration = CommandConfiguration(
            abstract: "New sessions may come again; this lifts a quarantine, too.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.uncordon] }
    }

    struct Drain: ClusterOrdering {
        static let configuration = CommandConfiguration(
            abstract: "No new sessions, and those that still run after a while are stopped.")
        @Argument(help: "The cluster.") var cluster: String
        @Option(help: "After how many minutes sessions are stopped; without it none is.") var minutes: UInt32?
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.drain(until: minutes.map { Date.now + 60 * Double($0) })] }
    }

    struct Trust: ClusterOrdering {
        static let configuration = CommandConfiguration(
            abstract: "Say whose sessions a cluster takes, whose it is, and which data it may hold.")
        @Argument(help: "The cluster.") var cluster: String
        @Argument(help: "unclaimed, owner, federation, or groups with commas between them.") var tier: String?
        @Option(help: "The hub group that owns it.") var owner: String?
        @Option(
            help: "Up to which class of data: public, collaboration or restricted; written for what orrery.yaml says.")
        var data: String?
        @OptionGroup var reason: ClusterReason

        var orders: [ClusterOrder] {
            get throws {
                let trust = tier.flatMap(ClusterTrust.init(word:)).map { ClusterOrder.trust($0) }
                let ceiling = try data.map {
                    $0 == "written" ? .dataAsWritten : ClusterOrder.data(try DataCeiling(argument: $0))
                }
                let orders = [owner.map { ClusterOrder.owner($0) }, trust, ceiling].compactMap(\.self)
                guard !orders.isEmpty else { throw Failure("say whom it is trusted with, --owner or --data") }
                return orders
            }
        }
    }

    struct Suspend: ClusterOrdering {
        static let configuration = CommandConfiguration(abstract: "No new sessions until an administrator resumes it.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.suspend] }
    }

    struct Resume: ClusterOrdering {
        static let configuration = CommandConfiguration(abstract: "A suspended cluster is a member again.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.resume] }
    }

    struct Revoke: ClusterOrdering {
        static let configuration = CommandConfiguration(
            abstract: "Throw a cluster out: its connections end within a second, its sessions are lost to the hub.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.revoke] }
    }

    struct Leave: ClusterOrdering {
        static let configuration = CommandConfiguration(
            abstract: "Say that a site has taken its cluster away; it may join anew under another key.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.leave] }
    }

    struct Rotate: ClusterOrdering {
        static let configuration = CommandConfiguration(
            abstract: "Ask a cluster's agent for a new key; the old one is good for another day.")
        @Argument(help: "The cluster.") var cluster: String
        @OptionGroup var reason: ClusterReason
        var orders: [ClusterOrder] { [.rotate] }
    }
}
