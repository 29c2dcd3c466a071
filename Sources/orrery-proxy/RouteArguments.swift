internal import ArgumentParser
internal import OrreryProxy

/// Where routes come from besides the REST interface.
struct RouteArguments: ParsableArguments {
    @Option(help: "Directory to keep the routes in, for the next start; without it they are forgotten.")
    var stateDir: String?

    func apply(to configuration: inout ProxyConfiguration) {
        configuration.stateDirectory = stateDir
    }
}
