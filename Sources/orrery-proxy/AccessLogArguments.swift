internal import ArgumentParser
internal import OrreryProxy

/// Which requests are written down, and where.
struct AccessLogArguments: ParsableArguments {
    /// `off` is a word of the command line alone.
    enum Choice: String, ExpressibleByArgument, CaseIterable {
        case off, common, json, short

        var format: AccessFormat? { AccessFormat(rawValue: rawValue) }
    }

    @Option(help: "A line for each request: off, common, json or short.") var accessLog = Choice.off
    @Option(help: "File for these lines; - is standard output.") var accessLogFile = "-"

    func apply(to configuration: inout ProxyConfiguration) {
        configuration.accessLog = accessLog.format.map {
            AccessLogConfiguration(format: $0, path: accessLogFile == "-" ? nil : accessLogFile)
        }
    }
}
