/// Answers every request that came over plain HTTP with its address under `https`.
///
/// Concurrency: any thread may call anything.
struct Redirector: ControlService {
    /// The port to lead to.
    let port: UInt16

    func refusal(of request: ControlInterface.Request) -> ControlInterface.Answer? { answer(request) }

    func answer(_ request: ControlInterface.Request) -> ControlInterface.Answer {
        guard let host = request.host else {
            return .text(400, "This request says no host, so it cannot be redirected")
        }
        var answer = ControlInterface.Answer.text(301, "This is served over https only\n")
        let authority = Self.withoutPort(host) + (port == 443 ? "" : ":\(port)")
        let path = request.path.hasPrefix("/") ? request.path : "/"
        answer.lines = ["Location: https://\(authority)\(path)\(request.query)"]
        return answer
    }

    /// `[::1]:80` is `[::1]`.
    private static func withoutPort(_ host: String) -> Substring {
        guard let colon = host.lastIndex(of: ":"), host.last != "]" else { return host[...] }
        return host[..<colon]
    }
}
