import ArgumentParser
import OrreryHub

/// `orrery version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() { print("orrery \(OrreryVersion.text)") }
}
