internal import ArgumentParser
internal import OrreryProxy

/// Where the pages for errors come from.
struct ErrorArguments: ParsableArguments {
    @Option(help: "Whom to ask for error pages: GET <error-target>/<status>?url=<path>.") var errorTarget: String?
    @Option(help: "Directory with <status>.html and error.html.") var errorPath: String?

    func validate() throws {
        if errorTarget != nil, errorPath != nil {
            throw ValidationError("Cannot specify both error-target and error-path. Pick one.")
        }
    }

    func apply(to configuration: inout ProxyConfiguration) {
        configuration.errorTarget = errorTarget
        configuration.errorPath = errorPath
    }
}
