internal import OrreryModel
internal import OrreryWire

/// The REST interface: configurable-http-proxy's routes, and the logouts of our hub. It takes a request apart and gives
/// an answer; the bytes and the connections are `ControlServer`'s.
///
/// Concurrency: any thread may call anything.
final class ControlInterface: ControlService {
    let shared: Shared
    private let token: APIToken?
    let signals: [SharedDescriptor]
    let log: LogBatch
    private let isFed: Bool

    static let routesPath = "/api/routes"
    static let logoutsPath = "/api/logouts"

    /// `isFed`: the routes are those of a hub that is followed, and cannot be set here.
    init(shared: Shared, token: Secret?, signals: [SharedDescriptor], isFed: Bool = false) {
        self.shared = shared
        self.token = token.map(APIToken.init)
        self.signals = signals
        log = LogBatch(shared.log)
        self.isFed = isFed
    }

    /// Nobody needs to say a token.
    var isOpen: Bool { token == nil }

    /// Whoever lacks the token, or asks for something that is not here, is answered before anything of a body is kept.
    func refusal(of request: Request) -> Answer? {
        let refusal = judge(request)
        if let refusal { note(request, refusal) }
        return refusal
    }

    func answer(_ request: Request) -> Answer {
        let answer = judge(request) ?? respond(request)
        note(request, answer)
        return answer
    }

    func turnDidEnd() { log.flush() }

    private func judge(_ request: Request) -> Answer? {
        let isAboutRoutes = request.path == Self.routesPath || request.path.hasPrefix(Self.routesPath + "/")
        guard isAboutRoutes || [Self.logoutsPath, Self.gatePath, Self.tunnelPath].contains(request.path) else {
            return .text(404, "Not Found")
        }
        if let token, !token.isSaid(in: request.authorization) { return Answer(status: 403) }
        let methods =
            switch request.path {
            case Self.gatePath: ["GET", "PUT"]
            case Self.logoutsPath: ["POST"]
            case Self.tunnelPath: ["GET"]
            default: ["GET", "POST", "DELETE"]
            }
        return methods.contains(request.method) ? nil : .unsupported(methods)
    }

    private func respond(_ request: Request) -> Answer {
        if request.path == Self.logoutsPath { return addLogouts(request) }
        if request.path == Self.gatePath { return answerGate(request) }
        if request.path == Self.tunnelPath { return answerTunnel() }
        let prefix = String(request.path.dropFirst(Self.routesPath.count))
        switch request.method {
        case "GET" where prefix.isEmpty || prefix == "/": return list(request)
        case "GET": return read(prefix)
        case "POST" where isFed, "DELETE" where isFed:
            return .text(409, "The routes are those of the hub that this proxy follows")
        case "POST": return set(prefix, request.body)
        case "DELETE" where prefix.isEmpty:
            return .text(400, "Name the route to delete; /api/routes/ is the default one")
        default: return remove(prefix)
        }
    }

    /// Counts a request, and writes a line about it as configurable-http-proxy does.
    private func note(_ request: Request, _ answer: Answer) {
        shared.metrics.apiAnswered(answer.status)
        let level: ProxyLog.Level = answer.status < 400 ? .info : answer.status < 500 ? .warn : .error
        log.write(level, "\(answer.status) \(request.method) \(request.path) \(answer.reason)")
    }

    func wallClock() -> UInt64 { Moment.now().wall }
}
