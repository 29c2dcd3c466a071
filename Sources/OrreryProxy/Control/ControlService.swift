/// Gives answers to whole requests of whoever runs the proxy; connections and bytes are `ControlServer`'s.
///
/// Concurrency: any thread may call anything.
protocol ControlService: Sendable {
    func answer(_ request: ControlInterface.Request) -> ControlInterface.Answer
}
