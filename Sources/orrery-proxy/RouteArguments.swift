internal import ArgumentParser
internal import Glibc
internal import OrreryProxy

/// Where routes come from besides the REST interface.
struct RouteArguments: ParsableArguments {
    @Option(help: "Hub whose routes are followed: http://host:port or https://host:port.") var hub: String?
    @Option(help: "File with the authorities, in PEM, that the hub's certificate must come from.") var hubCa: String?
    @Option(help: "Directory to keep the routes in, for the next start; without it they are forgotten.")
    var stateDir: String?
    @Option(help: "Address or name for the hub's calls to clusters; empty for every interface.") var innerIp: String?
    @Option(help: "Port of the hub's calls to the clusters of agents; without it there are none.") var innerPort:
        UInt16?

    @Option(help: "Where agents of clusters may dial this very proxy, host:port, where a hub has several proxies.")
    var agentAddress: String?

    func validate() throws {
        if agentAddress != nil, hub == nil { throw ValidationError("--agent-address goes with --hub") }
        if let agentAddress, !ProxyConfiguration.isAgentAddress(agentAddress) {
            throw ValidationError("--agent-address is host:port")
        }
        if innerPort != nil, hub == nil { throw ValidationError("--inner-port goes with --hub") }
        if innerIp != nil, innerPort == nil { throw ValidationError("--inner-ip goes with --inner-port") }
        if hubCa != nil, hub == nil { throw ValidationError("--hub-ca goes with --hub") }
    }

    func apply(to configuration: inout ProxyConfiguration, environment: Environment) throws {
        configuration.stateDirectory = stateDir
        guard let hub else { return }
        guard let token = try environment.token("ORRERY_PROXY_TOKEN") else {
            throw StartError("--hub needs the proxies' token: set ORRERY_PROXY_TOKEN or ORRERY_PROXY_TOKEN_FILE")
        }
        guard let access = HubAccess(url: hub, token: token, authority: try hubCa.map(Self.text)) else {
            throw StartError("--hub: \(hub) is not http://host:port or https://host:port")
        }
        configuration.hub = access
        configuration.agentAddress = agentAddress
        if let innerPort { configuration.inner = .init(host: innerIp ?? "localhost", port: innerPort) }
    }

    private static func text(of path: String) throws -> String {
        guard let file = unsafe fopen(path, "r") else { throw unreadable(path) }
        defer { unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe fread(&bytes, 1, bytes.count, file)
        guard unsafe ferror(file) == 0 else { throw unreadable(path) }
        guard unsafe fgetc(file) == EOF else { throw StartError("--hub-ca: \(path) has more than a MiB") }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        guard text.contains("-----BEGIN CERTIFICATE-----") else {
            throw StartError("--hub-ca: \(path) holds no certificate; give a PEM file with a BEGIN CERTIFICATE")
        }
        return text
    }

    private static func unreadable(_ path: String) -> StartError {
        StartError("--hub-ca: cannot read \(path): \(unsafe String(cString: strerror(errno)))")
    }
}
