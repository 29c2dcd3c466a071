internal import ArgumentParser
internal import OrreryProxy

/// How long to wait for whom. As with configurable-http-proxy, 0 is the same as not saying it.
struct TimeArguments: ParsableArguments {
    @Option(help: "Milliseconds a client may be silent while it is served.") var timeout: UInt32?
    @Option(help: "Milliseconds a target may be silent while it is asked.") var proxyTimeout: UInt32?
    @Option(help: "Milliseconds between two requests of a client. (default: 75000)") var keepAliveTimeout: UInt32?
    @Option(help: "Seconds that running requests may go on after SIGTERM. (default: 1, with --hub 30)")
    var drainSeconds: UInt16?

    func apply(to limits: inout ProxyLimits) {
        let given = [timeout, proxyTimeout].compactMap { $0 }.filter { $0 > 0 }
        if let timeout, timeout > 0 {
            limits.stall = .milliseconds(timeout)
            // Else the look at an upload's rate would come later than what was asked for.
            if limits.stall < limits.upload { limits.uploadRate = 0 }
        }
        if let shortest = given.min() {
            limits.answer = .milliseconds(shortest)
            limits.quiet = .milliseconds(shortest)
        }
        if let keepAliveTimeout, keepAliveTimeout > 0 { limits.idle = .milliseconds(keepAliveTimeout) }
        if let drainSeconds { limits.drain = .seconds(drainSeconds) }
    }
}
