import ArgumentParser
import OrreryDocument
import OrreryHub

/// The option that every command with `orrery.yaml` has.
struct ConfigurationFile: ParsableArguments {
    @Option(name: .customLong("config"), help: "The configuration file.")
    var path = "orrery.yaml"

    /// The configuration, or the end of the program with the one sentence that says what is wrong in it.
    func read() throws -> HubConfiguration {
        do {
            return try HubConfiguration.read(file: path)
        } catch {
            throw Failure("\(error)")
        }
    }
}

/// Ends the program with one sentence on standard error and exit status 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ sentence: String) { description = sentence }
}
