import ArgumentParser
import Foundation
import OrreryHub

/// `orrery check`: everything that can be said about configuration and policy without running anything.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration and the policy it names; exit status 1 if one is wrong.")

    @Argument(help: "A directory with a policy: checked instead of the one that the configuration names.")
    var directory: String?
    @Option(
        name: .customLong("as"),
        help: "A file with the claims of somebody, as JSON or as a token: says which rule admits or refuses them.")
    var claims: String?
    @Option(help: "The label of the issuer that says these claims, where `iss` does not name it.")
    var issuer: String?
    @OptionGroup var file: ConfigurationFile

    func run() async throws {
        var configuration = try file.read()
        if let directory { configuration.policy = directory }
        let known = await file.knownClusters(configuration)
        let errors = Hub.errors(in: configuration, known: known)
        guard errors.isEmpty else { throw Failure(errors.joined(separator: "\n")) }
        do {
            let names = try Hub.check(configuration, known: known)
            for warning in configuration.warnings { FileHandle.standardError.write(Data("warning: \(warning)\n".utf8)) }
            if let claims {
                let trial = try ClaimTrial(of: claims, from: issuer, configuration)
                print(trial.lines.joined(separator: "\n"))
                if !trial.isAdmitted { throw ExitCode.failure }
                return
            }
            print("OK: \(file.path) and the policy in \(configuration.policy)")
            for (kind, names) in names { print("  \(kind): \(names.joined(separator: ", "))") }
        } catch let code as ExitCode {
            throw code
        } catch {
            throw Failure("\(error)")
        }
    }
}
