import ArgumentParser
import OrreryHub

/// `orrery check`: everything that can be said about configuration and policy without running anything.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration and the policy it names; exit status 1 if one is wrong.")

    @OptionGroup var file: ConfigurationFile

    func run() throws {
        let configuration = try file.read()
        do {
            let names = try Hub.check(configuration)
            print("OK: \(file.path) and the policy in \(configuration.policy)")
            for (kind, names) in names { print("  \(kind): \(names.joined(separator: ", "))") }
        } catch {
            throw Failure("\(error)")
        }
    }
}
