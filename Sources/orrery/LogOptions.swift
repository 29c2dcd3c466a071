import ArgumentParser
import Logging
import OrreryHub

/// How much the program tells on standard error.
struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log-level"), help: "trace, debug, info, notice, warning or error.",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("\(text) is not a level") }
            return level
        })
    var level = Logger.Level.info

    /// Call it once, before anything logs.
    func makeLogger(_ label: String) -> Logger {
        let level = level
        LoggingSystem.bootstrap { OneLineLogHandler(label: $0, logLevel: level) }
        return Logger(label: label)
    }
}
