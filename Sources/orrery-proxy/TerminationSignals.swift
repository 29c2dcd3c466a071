internal import Glibc

/// The signals that end the proxy, and the one that has it read its certificates again. Blocked in the thread that makes
/// this one and in all that are started afterwards, so that they wait for `wait()`.
struct TerminationSignals: Sendable {
    /// With which status the process ends then: configurable-http-proxy's.
    static let status: CInt = 2

    enum Cause {
        case terminated, interrupted, hungUp

        /// What is logged about it.
        var sentence: String {
            switch self {
            case .terminated: "Terminated"
            case .interrupted: "Interrupted"
            case .hungUp: "Hung up"
            }
        }
    }

    init() {
        var signals = Self.signals
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next that ends the proxy; has `reload` called for the other one.
    func wait(reload: () -> Void) -> Cause {
        while true {
            let cause = next()
            guard cause == .hungUp else { return cause }
            reload()
        }
    }

    private func next() -> Cause {
        var signals = Self.signals
        var number: CInt = 0
        while unsafe sigwait(&signals, &number) != 0 {}
        switch number {
        case SIGINT: return .interrupted
        case SIGHUP: return .hungUp
        default: return .terminated
        }
    }

    private static var signals: sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGHUP)
        return signals
    }
}
