internal import ArgumentParser
internal import OrreryProxy

/// Where routes are set.
struct APIArguments: ParsableArguments {
    @Option(help: "Address or name of the REST interface. (default: localhost)") var apiIp: String?
    @Option(help: "Port of the REST interface; by default the one after --port.") var apiPort: UInt16?
    @Option(help: "Unix socket of the REST interface, in place of --api-ip and --api-port.") var apiSocket: String?

    func validate() throws {
        if apiSocket != nil, apiIp != nil || apiPort != nil {
            throw ValidationError("--api-socket cannot be used with --api-ip or --api-port")
        }
    }

    /// `publicPort` is nil when browsers are served on a Unix socket.
    func apply(to configuration: inout ProxyConfiguration, publicPort: UInt16?) {
        let following = publicPort.map { $0 == 0 ? 0 : $0 &+ 1 } ?? 8001
        configuration.api = .init(host: apiIp ?? "localhost", port: apiPort ?? following)
        if let apiSocket { configuration.api = .init(path: apiSocket) }
    }
}
