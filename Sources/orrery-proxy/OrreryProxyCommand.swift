internal import ArgumentParser
internal import Glibc
internal import OrreryModel
internal import OrreryProxy

/// The proxy alone, under configurable-http-proxy's options.
@main
struct OrreryProxyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orrery-proxy",
        abstract: "Relay HTTP and WebSocket to the targets that a hub sets over a REST interface.",
        discussion: "The token of the REST interface is taken from the environment: CONFIGPROXY_AUTH_TOKEN.",
        version: "0.1.0")

    @Option(help: "Address or name to listen on; empty for every interface.") var ip = ""
    @Option(help: "Port for browsers.") var port: UInt16 = 8000
    @Option(help: "Address or name of the REST interface.") var apiIp = "localhost"
    @Option(help: "Port of the REST interface; by default the one after --port.") var apiPort: UInt16?
    @Option(help: "Address or name of the metrics; empty for every interface.") var metricsIp = ""
    @Option(help: "Port of the metrics and of health; without it there are none.") var metricsPort: UInt16?
    @Option(help: "Where requests go that no route matches: http://host:port.") var defaultTarget: String?
    @Option(help: "Whom to ask for error pages: GET <error-target>/<status>?url=<path>.") var errorTarget: String?
    @Option(help: "Threads that relay; by default one for each processor.") var workers: Int?
    @Option(help: "File to write the process id to; removed at the end.") var pidFile: String?
    @Option(help: "debug, info, warn or error.") var logLevel = ProxyLog.Level.info

    func validate() throws {
        if let workers, !(1...1024).contains(workers) { throw ValidationError("--workers takes 1 to 1024") }
    }

    func run() throws {
        // Blocked here and in every thread made from here on: they are waited for below.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe sigaddset(&signals, SIGINT)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)

        let server = try ProxyServer(configuration: proxyConfiguration())
        try writePid()
        defer { if let pidFile { _ = unsafe unlink(pidFile) } }
        let thread = LoopThread { server.run() }
        var number: CInt = 0
        while unsafe sigwait(&signals, &number) != 0 {}
        server.stop()
        thread.join()
    }

    private func proxyConfiguration() -> ProxyConfiguration {
        var configuration = ProxyConfiguration()
        configuration.listener = .init(host: ip, port: port)
        configuration.api = .init(host: apiIp, port: apiPort ?? (port == 0 ? 0 : port &+ 1))
        configuration.metrics = metricsPort.map { .init(host: metricsIp, port: $0) }
        configuration.defaultTarget = defaultTarget
        configuration.errorTarget = errorTarget
        configuration.workers = workers ?? max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
        configuration.logLevel = logLevel
        if let token = unsafe getenv("CONFIGPROXY_AUTH_TOKEN") {
            let text = unsafe String(cString: token)
            if !text.isEmpty { configuration.token = Secret(text) }
        }
        return configuration
    }

    private func writePid() throws {
        guard let pidFile else { return }
        guard let file = unsafe fopen(pidFile, "w") else {
            throw ValidationError("--pid-file: cannot write \(pidFile): \(unsafe String(cString: strerror(errno)))")
        }
        _ = unsafe fputs("\(getpid())", file)
        unsafe fclose(file)
    }
}

extension ProxyLog.Level: ExpressibleByArgument {
    /// In any case of letters, as configurable-http-proxy takes it.
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}
