/// How a program asks whether its person has let it in (RFC 8628 3.5). Decides and does nothing.
struct DevicePolling {
    private(set) var interval: Duration
    private var left: Duration

    /// As the hub's first answer has it, from a second to a minute and for at most an hour; five seconds if it does not say.
    init(interval: Int64?, lasting seconds: Int64) {
        self.interval = .seconds(min(max(1, interval ?? 5), 60))
        left = .seconds(min(max(0, seconds), 3600))
    }

    enum Action: Equatable {
        /// Wait so long, and ask again.
        case wait(Duration)
        /// It is over, for this reason.
        case end(String)
    }

    /// What is done first: nobody answers at once.
    mutating func begin() -> Action { wait() }

    /// The hub said `error`, and perhaps why.
    mutating func refused(_ error: String, because reason: String? = nil) -> Action {
        switch error {
        case "authorization_pending": return wait()
        case "slow_down":
            interval += .seconds(5)
            return wait()
        case "access_denied": return .end(reason ?? "you refused it, or this hub does not let you in")
        case "expired_token": return .end("nobody let this program in within the time; begin again")
        default: return .end("the hub does not give a token: \(reason ?? error)")
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
