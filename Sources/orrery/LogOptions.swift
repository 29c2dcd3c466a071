import ArgumentParser
import Glibc
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
        // Without it glibc asks for the zone's file again with every line.
        unsafe setenv("TZ", ":/etc/localtime", 0)
        let level = level
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return OneLineLogHandler(handler)
        }
        return Logger(label: label)
    }
}
