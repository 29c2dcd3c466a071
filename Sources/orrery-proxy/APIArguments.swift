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
        if apiSocket == "" { throw ValidationError("--api-socket needs the name of a file") }
    }

    /// `publicPort` is nil when browsers are served on a Unix socket.
    func apply(to configuration: inout ProxyConfiguration, publicPort: UInt16?) throws {
        if let apiSocket {
            configuration.api = .init(path: apiSocket)
        } else {
            configuration.api = .init(host: apiIp ?? "localhost", port: try apiPort ?? Self.following(publicPort))
        }
    }

    private static func following(_ port: UInt16?) throws -> UInt16 {
        guard let port else { return 8001 }
        guard port < UInt16.max else { throw StartError("--api-port is needed: no port comes after --port \(port)") }
        return port == 0 ? 0 : port + 1
    }
}
