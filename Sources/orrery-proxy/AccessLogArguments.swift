internal import ArgumentParser
internal import OrreryProxy

/// Which requests are written down, and where.
struct AccessLogArguments: ParsableArguments {
    /// `off` is a word of the command line alone.
    enum Choice: String, ExpressibleByArgument, CaseIterable {
        case off, common, json, short

        var format: AccessFormat? { AccessFormat(rawValue: rawValue) }
    }

    @Option(help: "A line for each request: off, common, json or short. (default: off)") var accessLog: Choice?
    @Option(help: "File for these lines; - is standard output. (default: -)") var accessLogFile: String?

    func validate() throws {
        if accessLogFile != nil, accessLog == nil {
            throw ValidationError("--access-log-file needs --access-log, which says how the lines are written")
        }
        if accessLogFile == "" { throw ValidationError("--access-log-file needs the name of a file, or -") }
    }

    func apply(to configuration: inout ProxyConfiguration) {
        let path = accessLogFile == "-" ? nil : accessLogFile
        configuration.accessLog = accessLog?.format.map { AccessLogConfiguration(format: $0, path: path) }
    }
}
