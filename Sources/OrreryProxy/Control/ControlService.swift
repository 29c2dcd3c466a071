/// Gives answers to whole requests of whoever runs the proxy; connections and bytes are `ControlServer`'s.
///
/// Concurrency: any thread may call anything.
protocol ControlService: Sendable {
    /// What is answered without looking at the body, which is then not kept; nil when the body is wanted.
    func refusal(of request: ControlInterface.Request) -> ControlInterface.Answer?
    /// The answer to a whole request.
    func answer(_ request: ControlInterface.Request) -> ControlInterface.Answer
    /// All requests that had come are answered: what was put together for them can be done now.
    func turnDidEnd()
}

extension ControlService {
    func refusal(of request: ControlInterface.Request) -> ControlInterface.Answer? { nil }
    func turnDidEnd() {}
}
