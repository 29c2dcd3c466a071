internal import ArgumentParser
internal import OrreryProxy

/// Where browsers are served.
struct PublicArguments: ParsableArguments {
    @Option(help: "Address or name to listen on; empty for every interface.") var ip: String?
    @Option(help: "Port to listen on. (default: 8000)") var port: UInt16?
    @Option(help: "Unix socket to listen on, in place of --ip and --port.") var socket: String?
    @Option(help: "Where requests go that no route matches; the same as a route /.") var defaultTarget: String?
    @Flag(help: "Routes begin with the host they are for: /<host>/<prefix>.") var hostRouting = false
    @Option(help: "Port at which plain HTTP is answered with a redirect to https.") var redirectPort: UInt16?
    @Option(help: "Port that redirects lead to; by default the one of --port.") var redirectTo: UInt16?

    func validate() throws {
        if socket != nil, ip != nil || port != nil {
            throw ValidationError("--socket cannot be used with --ip or --port")
        }
        if socket == "" { throw ValidationError("--socket needs the name of a file") }
        if redirectTo == 0 { throw ValidationError("--redirect-to takes 1 to 65535") }
        if redirectTo != nil, redirectPort == nil { throw ValidationError("--redirect-to needs --redirect-port") }
    }

    func apply(to configuration: inout ProxyConfiguration) throws {
        configuration.listener = .init(host: ip ?? "", port: port ?? 8000)
        if let socket { configuration.listener = .init(path: socket) }
        configuration.defaultTarget = defaultTarget
        configuration.routesByHost = hostRouting
        if let redirectPort, configuration.listener.port != 80 {
            configuration.redirect = .init(listener: .init(host: "", port: redirectPort), port: redirectTo)
        }
    }
}
