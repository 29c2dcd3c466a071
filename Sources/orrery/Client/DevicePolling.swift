/// How a program asks whether its person has let it in (RFC 8628 3.5). Decides and does nothing.
struct DevicePolling {
    private(set) var interval: Duration
    private var left: Duration

    /// As the hub's first answer has it; five seconds if it does not say.
    init(interval: Int64?, lasting seconds: Int64) {
        self.interval = .seconds(max(1, interval ?? 5))
        left = .seconds(seconds)
    }

    enum Action: Equatable {
        /// Wait so long, and ask again.
        case wait(Duration)
        /// It is over, for this reason.
        case end(String)
    }

    /// What is done first: nobody answers at once.
    mutating func begin() -> Action { wait() }

    /// The hub said `error`.
    mutating func refused(_ error: String) -> Action {
        switch error {
        case "authorization_pending": return wait()
        case "slow_down":
            interval += .seconds(5)
            return wait()
        case "access_denied": return .end("you refused it, or this hub does not let you in")
        case "expired_token": return .end("nobody let this program in within the time; begin again")
        default: return .end("the hub does not give a token: \(error)")
        }
    }

    /// The hub did not answer: the RFC wants longer pauses then.
    mutating func lost() -> Action {
        interval = min(interval * 2, .seconds(60))
        return wait()
    }

    private mutating func wait() -> Action {
        guard left > .zero else { return .end("nobody let this program in within the time; begin again") }
        left -= interval
        return .wait(interval)
    }
}
