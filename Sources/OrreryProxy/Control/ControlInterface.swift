internal import OrreryModel
internal import OrreryWire
internal import Synchronization

/// The REST interface: configurable-http-proxy's routes, and the logouts of our hub. It takes a request apart and gives
/// an answer; the bytes and the connections are `ControlServer`'s.
///
/// Concurrency: any thread may call anything.
final class ControlInterface: ControlService {
    struct Request {
        var method: String
        /// As sent, without the query.
        var path: String
        var query: String = ""
        var authorization: String?
        var body: [UInt8] = []
    }

    struct Answer: Equatable {
        var status: Int
        var type: String?
        var body: [UInt8] = []

        static func text(_ status: Int, _ text: String) -> Answer {
            Answer(status: status, type: "text/plain; charset=utf-8", body: Array(text.utf8))
        }

        static func json(_ body: [UInt8]) -> Answer { Answer(status: 200, type: "application/json", body: body) }
    }

    private let shared: Shared
    private let token: Secret?
    private let signals: [SharedDescriptor]

    init(shared: Shared, token: Secret?, signals: [SharedDescriptor]) {
        self.shared = shared
        self.token = token
        self.signals = signals
    }

    /// Nobody needs to say a token.
    var isOpen: Bool { token == nil }

    /// Adds the route `/`; `text` is how the target was spelled.
    func setDefault(_ target: Target, text: String) {
        guard let root = RouteKey("/") else { return }
        set(RouteSetting(root, to: target, text: text))
    }

    func answer(_ request: Request) -> Answer {
        let answer = judged(request)
        shared.metrics.apiAnswered(answer.status)
        return answer
    }

    private func judged(_ request: Request) -> Answer {
        if request.path == "/api/logouts" {
            guard isAllowed(request) else { return Answer(status: 403) }
            return request.method == "POST" ? addLogouts(request) : .text(405, "Method not supported")
        }
        guard request.path == "/api/routes" || request.path.hasPrefix("/api/routes/") else {
            return .text(404, "Not Found")
        }
        guard isAllowed(request) else { return Answer(status: 403) }
        let prefix = String(request.path.dropFirst("/api/routes".count))
        switch request.method {
        case "GET" where prefix.isEmpty || prefix == "/":
            shared.metrics.routeReads.add(1, ordering: .relaxed)
            return list(request)
        case "GET": return read(prefix)
        case "POST": return set(prefix, request.body)
        case "DELETE" where prefix.isEmpty:
            return .text(400, "Name the route to delete; /api/routes/ is the default one")
        case "DELETE": return remove(prefix)
        default: return .text(405, "Method not supported")
        }
    }

    // MARK: Token

    private func isAllowed(_ request: Request) -> Bool {
        guard let token else { return true }
        guard let words = request.authorization?.split(separator: " "), words.count == 2, words[0] == "token" else {
            return false
        }
        return Self.isSame(Array(words[1].utf8), Array(token.reveal().utf8))
    }

    /// Takes the same time wherever the first difference is, so that a token cannot be guessed byte by byte.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var difference = left.count ^ right.count
        for index in 0..<max(left.count, right.count) {
            difference |= Int(left[index % max(left.count, 1)] ^ (right.isEmpty ? 1 : right[index % right.count]))
        }
        return difference == 0
    }

    // MARK: Routes

    private func list(_ request: Request) -> Answer {
        var limit: UInt64?
        if let text = Self.parameter("inactiveSince", request.query) ?? Self.parameter("inactive_since", request.query)
        {
            guard let stamp = Timestamp(text) else {
                return .text(400, "Invalid datestamp '\(text)' must be ISO8601.")
            }
            limit = UInt64(max(0, stamp.milliseconds))
        }
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for (key, route) in shared.routes.all() {
            if let limit, shared.routes.activity.last(route.activity) >= limit { continue }
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            JSONText.append(key.text, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(route, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return .json(bytes)
    }

    private func read(_ prefix: String) -> Answer {
        guard let key = RouteKey(escaped: prefix), let route = shared.routes.route(key) else {
            return Answer(status: 404)
        }
        var bytes: [UInt8] = []
        append(route, to: &bytes)
        return .json(bytes)
    }

    private func append(_ route: Route, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        bytes.append(contentsOf: route.members)
        bytes.append(contentsOf: ",\"last_activity\":\"".utf8)
        bytes.append(contentsOf: ProxyLog.timestamp(shared.routes.activity.last(route.activity)).utf8)
        bytes.append(contentsOf: "\"}".utf8)
    }

    private func set(_ prefix: String, _ body: [UInt8]) -> Answer {
        guard let key = RouteKey(escaped: prefix) else { return .text(400, "The path cannot be a route") }
        guard let value = JSONText.read(body) else { return .text(400, "Body not valid JSON") }
        var object = value.object ?? [:]
        if shared.routes.isByHost, let host = key.host { object["host"] = .string(host.lowercased()) }
        let setting: RouteSetting
        do throws(RouteSetting.Fault) {
            setting = try RouteSetting(key, object)
        } catch {
            return .text(400, "\(error)")
        }
        let target = setting.target
        if setting.address == nil { shared.log.write(.warn, "route \(key.text): no address for \(target.name) yet") }
        guard set(setting) else { return .text(503, "Too many routes") }
        shared.metrics.routeAdditions.add(1, ordering: .relaxed)
        shared.log.write(.info, "route \(key.text) -> \(target.name) added")
        return Answer(status: 201)
    }

    @discardableResult
    private func set(_ setting: RouteSetting) -> Bool {
        shared.routes.set(
            setting.key, to: setting.target, address: setting.address, access: setting.access,
            members: setting.members, at: wallClock())
    }

    private func remove(_ prefix: String) -> Answer {
        guard let key = RouteKey(escaped: prefix), shared.routes.remove(key) else { return Answer(status: 404) }
        shared.metrics.routeRemovals.add(1, ordering: .relaxed)
        shared.log.write(.info, "route \(key.text) removed")
        return Answer(status: 204)
    }

    // MARK: Logouts

    private func addLogouts(_ request: Request) -> Answer {
        guard let object = JSONText.read(request.body)?.object, let listed = object["session-ids"]?.array else {
            return .text(400, "Must specify 'session-ids' as a list of strings")
        }
        let sessions = listed.compactMap(\.string)
        guard sessions.count == listed.count, !sessions.contains(""), let seconds = (object["seconds"] ?? 300).integer,
            (1...86_400).contains(seconds)
        else { return .text(400, "'session-ids' are strings, and 'seconds' a number up to a day") }
        let now = wallClock()
        shared.logouts.add(sessions, until: now + UInt64(seconds) * 1000, now: now)
        // Connections that were upgraded before have no next request at which it would be noticed.
        for signal in signals { signal.descriptor.signal() }
        return Answer(status: 204)
    }

    private func wallClock() -> UInt64 { Moment.now().wall }

    /// The value of a query parameter, if it has one.
    private static func parameter(_ name: String, _ query: String) -> String? {
        for pair in query.drop(while: { $0 == "?" }).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0] == name else { continue }
            return unescaped(parts[1])
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = rest[rest.startIndex].hexValue,
                let low = rest[rest.startIndex + 1].hexValue
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
