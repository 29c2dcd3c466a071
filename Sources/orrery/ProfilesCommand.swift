import ArgumentParser
import Foundation
import OrreryFetch
import OrreryHub

/// `orrery profiles`: work on the documents of a policy.
struct ProfilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles", abstract: "Work on the profiles of a policy.", subcommands: [Resolve.self])

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask the registries what the tags of the images stand for.",
            discussion: """
                Without --write nothing is changed, and the exit status is 1 if a digest is another one than the document's. \
                With --write the digests, and the platforms where none are named, are written into profiles.yaml; all else \
                in it stays as it is.
                """)

        @Argument(help: "The directory of the policy.") var directory = "policy"
        @Flag(help: "Write what was found into profiles.yaml.") var write = false
        @Option(help: "A file with logins of registries, as `docker login` writes it.") var logins: String?
        @Option(help: "A file with the certificates in PEM that are believed instead of the system's.")
        var authorities: String?

        func run() async throws {
            do {
                var resolution = try ImageResolution(
                    directory: directory, logins: logins, authorities: authorities, fetcher: Fetcher())
                await resolution.ask()
                for line in resolution.lines { print(line) }
                guard resolution.errors.isEmpty else { throw Failure(resolution.errors.joined(separator: "\n")) }
                if write { return try resolution.write() }
                guard resolution.changed.isEmpty else {
                    throw Failure("\(resolution.changed.joined(separator: ", ")): write the new digests with --write")
                }
            } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure("\(error)")
            }
        }
    }
}
