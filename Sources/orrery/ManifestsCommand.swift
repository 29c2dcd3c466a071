import ArgumentParser
import Foundation
import OrreryHub
import OrreryModel

/// `orrery manifests`: what a site applies to its cluster beside the sessions, made from the policy.
struct ManifestsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manifests", abstract: "Make the manifests that a site applies to its cluster with kubectl.",
        discussion:
            "Look at them before they are applied. They are made from the policy: when that changes, make them anew.",
        subcommands: [Prepull.self, Placeholder.self, Purge.self, Provisioner.self, NetworkPolicy.self])

    /// The options that all of them have.
    struct Options: ParsableArguments {
        @Option(help: "The cluster; needed where there are several.") var cluster: String?
        @Option(help: "The environment whose image does the work; without it the default profile's first.")
        var environment: String?
        @OptionGroup var file: ConfigurationFile

        func manifests() async throws -> SiteManifests {
            do {
                let configuration = try file.read()
                var manifests = try SiteManifests(
                    configuration, known: await file.knownClusters(configuration), cluster: cluster)
                manifests.settings.environment = environment
                return manifests
            } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure("\(error)")
            }
        }

        /// Prints what `make` makes, and its notes on standard error.
        func write(_ words: [String], _ make: (SiteManifests) throws -> ([JSON], notes: [String])) async throws {
            let manifests = try await manifests()
            do {
                let (documents, notes) = try make(manifests)
                print(SiteManifests.file(documents, saying: words), terminator: "")
                for note in notes { FileHandle.standardError.write(Data("note: \(note)\n".utf8)) }
            } catch {
                throw Failure("\(error)")
            }
        }
    }

    struct Prepull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A DaemonSet that has the images on every node, one after another.")
        @OptionGroup var options: Options

        func run() async throws {
            try await options.write(["The images of the profiles, on every node."]) { ($0.prepull(), []) }
        }
    }

    struct Placeholder: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pods that keep room free for the next sessions, and give way to them at once.")
        @Option(help: "How many.") var count = 1
        @Option(help: "The size of each; without it the default profile's first.") var size: String?
        @OptionGroup var options: Options

        func run() async throws {
            try await options.write(["Room for \(count) more sessions. The PriorityClass is the whole cluster's."]) {
                (try $0.placeholder(size: size, count: count), [])
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A CronJob that removes what `purge:` of the filesets says; without --delete it only lists it.")
        @Flag(help: "Remove, instead of listing what would be removed.") var delete = false
        @OptionGroup var options: Options

        func run() async throws {
            try await options.write([delete ? "It removes files." : "It only lists what it would remove."]) {
                let (documents, notes) = try $0.purge(deletes: delete)
                return (documents, notes)
            }
        }
    }

    struct Provisioner: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A Job that makes the directories of the people whom the hub knows: 0700, their own.",
            discussion: "It reads the hub's database, so it has to run as the hub's account.")
        @OptionGroup var options: Options

        func run() async throws {
            let people = try await options.file.inBackroom { try await $0.people() }
            try await options.write(["Directories for \(people.count) people. What is there is left as it is."]) {
                (try $0.provisioner(for: people, at: .now), [])
            }
        }
    }

    struct NetworkPolicy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "networkpolicy", abstract: "What sessions may reach, and who may reach them.")
        @Option(help: "The namespace of proxy or agent in this cluster; may be repeated.") var proxyNamespace:
            [String] = []
        @Option(help: "The addresses of a proxy outside, such as 192.0.2.7/32; may be repeated.")
        var proxyAddress: [String] = []
        @Option(help: "Public addresses of storage servers or of the API server; may be repeated.") var closed:
            [String] = []
        @Option(
            help: """
                A label of the hub's pods in this cluster, KEY=VALUE; may be repeated. Without it app.kubernetes.io/name is \
                orrery-hub, orrery-proxy or orrery.
                """)
        var hubLabel: [String] = []
        @Option(help: "A port of those pods; may be repeated. Without it those of hub.listen and proxy.listen.")
        var hubPort: [Int] = []
        @OptionGroup var options: Options

        func run() async throws {
            var network = SiteManifests.Network()
            network.proxyNamespaces = proxyNamespace
            network.proxyAddresses = proxyAddress
            network.closed = closed
            for text in hubLabel {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw Failure("a label is written KEY=VALUE, not `\(text)`")
                }
                network.hubLabels[parts[0]] = parts[1]
            }
            guard hubPort.allSatisfy((1...65_535).contains) else { throw Failure("a port is a number from 1 to 65535") }
            network.hubPorts = hubPort
            try await options.write(["In only from proxy or agent; out to names, the internet and the hub."]) {
                (try $0.networkPolicy(network), [$0.networkNote].compactMap(\.self))
            }
        }
    }
}
