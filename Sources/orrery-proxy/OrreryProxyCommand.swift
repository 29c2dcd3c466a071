internal import ArgumentParser
internal import Glibc
internal import OrreryProxy
internal import OrreryWire

/// The proxy alone, under configurable-http-proxy's options.
@main
struct OrreryProxyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orrery-proxy",
        abstract: "Relay HTTP and WebSocket to the targets that a hub sets over a REST interface.",
        discussion: """
            The token of the REST interface is taken from the environment: CONFIGPROXY_AUTH_TOKEN, or \
            CONFIGPROXY_AUTH_TOKEN_FILE for a file that holds it; the one for --hub likewise: ORRERY_PROXY_TOKEN, \
            ORRERY_PROXY_TOKEN_FILE.
            """,
        version: "0.1.0")

    @OptionGroup(title: "For browsers") var browsers: PublicArguments
    @OptionGroup(title: "TLS") var tls: TLSArguments
    @OptionGroup(title: "REST interface") var api: APIArguments
    @OptionGroup(title: "TLS of the REST interface") var apiTLS: APITLSArguments
    @OptionGroup(title: "TLS of targets") var clientTLS: ClientTLSArguments
    @OptionGroup(title: "Routes") var routes: RouteArguments
    @OptionGroup(title: "Forwarding") var forwarding: ForwardingArguments
    @OptionGroup(title: "Error pages") var errors: ErrorArguments
    @OptionGroup(title: "Times") var times: TimeArguments
    @OptionGroup(title: "Limits") var limits: LimitArguments
    @OptionGroup(title: "Access log") var accessLog: AccessLogArguments
    @OptionGroup(title: "Metrics") var metrics: MetricsArguments
    @OptionGroup(title: "Process") var process: ProcessArguments

    static func main() {
        do {
            try read(Array(CommandLine.arguments.dropFirst())).run()
        } catch  where exitCode(for: error) == .validationFailure {
            // What is wrong with the command line is 1 with configurable-http-proxy, and hubs know that one.
            var text = fullMessage(for: error) + "\n"
            // The bytes live as long as this call.
            text.withUTF8 { _ = unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
            Glibc.exit(1)
        } catch {
            exit(withError: error)
        }
    }

    /// The command that the arguments say. `--ip=` is an empty value, which the parser knows as a word of its own only.
    static func read(_ arguments: [String]) throws -> OrreryProxyCommand {
        let words = arguments.flatMap { word in
            word.hasPrefix("--") && word.last == "=" ? [String(word.dropLast()), ""] : [word]
        }
        return try parse(words)
    }

    func validate() throws {
        if browsers.redirectPort != nil, !tls.isOn {
            throw ValidationError("HTTPS redirection specified but certificates not provided.")
        }
    }

    func run() throws {
        StandardDescriptors.open()
        let signals = TerminationSignals()
        let server = try ProxyServer(configuration: proxyConfiguration())
        let pidFile = try pidFile(for: server)
        let thread = LoopThread { server.run() }
        let reloading = Reloading { server.reload() }
        let cause = signals.wait(reload: reloading.begin)
        // Without a thread to be had nobody is asked twice.
        _ = LoopThread.start {
            // Asked twice: whoever asks does not want to wait for what is still running.
            _ = signals.wait {}
            pidFile?.remove()
            _exit(TerminationSignals.status)
        }
        server.stop(because: cause.sentence)
        thread.join()
        pidFile?.remove()
        // It may be inside OpenSSL, which takes itself apart in an orderly exit.
        if reloading.isUnderWay { _exit(TerminationSignals.status) }
        throw ExitCode(TerminationSignals.status)
    }

    /// The file with the process id, if one is wanted. When it cannot be, nothing of the server is left behind.
    private func pidFile(for server: ProxyServer) throws -> PidFile? {
        do {
            return try process.pidFile.map(PidFile.init(path:))
        } catch {
            server.stop()
            throw error
        }
    }

    /// What the options and the environment say together.
    func proxyConfiguration(environment: Environment = .ofThisProcess) throws -> ProxyConfiguration {
        var configuration = ProxyConfiguration()
        try browsers.apply(to: &configuration)
        tls.apply(to: &configuration, environment: environment)
        apiTLS.apply(to: &configuration, environment: environment, common: tls)
        clientTLS.apply(to: &configuration, environment: environment, common: tls)
        try api.apply(to: &configuration, publicPort: browsers.socket == nil ? browsers.port ?? 8000 : nil)
        configuration.token = try environment.token("CONFIGPROXY_AUTH_TOKEN")
        try routes.apply(to: &configuration, environment: environment)
        forwarding.apply(to: &configuration)
        errors.apply(to: &configuration)
        limits.apply(to: &configuration.limits)
        times.apply(to: &configuration.limits)
        // Nobody waits for the end of a proxy that follows a hub, and everybody who is served for his answer.
        if configuration.hub != nil, times.drainSeconds == nil { configuration.limits.drain = .seconds(30) }
        accessLog.apply(to: &configuration)
        metrics.apply(to: &configuration)
        process.apply(to: &configuration)
        return configuration
    }
}
