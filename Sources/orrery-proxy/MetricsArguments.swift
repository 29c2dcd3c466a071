internal import ArgumentParser
internal import OrreryProxy

/// Where metrics are served.
struct MetricsArguments: ParsableArguments {
    @Option(help: "Address or name for metrics; empty for every interface.") var metricsIp: String?
    @Option(help: "Port of the metrics and of health; without it there are none.") var metricsPort: UInt16?
    @Option(help: "Unix socket for metrics, in place of --metrics-ip and --metrics-port.") var metricsSocket: String?

    func validate() throws {
        if metricsSocket != nil, metricsIp != nil || metricsPort != nil {
            throw ValidationError("--metrics-socket cannot be used with --metrics-ip or --metrics-port")
        }
        if metricsSocket == "" { throw ValidationError("--metrics-socket needs the name of a file") }
    }

    func apply(to configuration: inout ProxyConfiguration) {
        var idle = IdleOptions()
        idle.check("--metrics-ip", isGiven: metricsIp != nil, needs: "--metrics-port", isThere: metricsPort != nil)
        configuration.notes += idle.notes
        if let metricsPort { configuration.metrics = .init(host: metricsIp ?? "", port: metricsPort) }
        if let metricsSocket { configuration.metrics = .init(path: metricsSocket) }
    }
}
