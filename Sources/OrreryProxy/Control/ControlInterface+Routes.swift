internal import OrreryModel
internal import Synchronization

/// Routes: what is listed, set and removed.
extension ControlInterface {
    /// Adds the route `/`; `text` is how the target was spelled.
    func setDefault(_ setting: RouteSetting, text: String) {
        _ = store(setting, text: text)
        log.flush()
    }

    func list(_ request: Request) -> Answer {
        shared.metrics.routeReads.add(1, ordering: .relaxed)
        var limit: UInt64?
        if let text = request.parameter("inactiveSince") ?? request.parameter("inactive_since") {
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

    func read(_ prefix: String) -> Answer {
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
        ProxyLog.append(timestamp: shared.routes.activity.last(route.activity), to: &bytes)
        bytes.append(contentsOf: "\"}".utf8)
    }

    func set(_ prefix: String, _ body: [UInt8]) -> Answer {
        let key: RouteKey
        do throws(RouteKey.Fault) {
            key = try RouteKey(readingEscaped: prefix)
            try key.checkIsRouted(byHost: shared.routes.isByHost)
        } catch {
            return .text(400, "\(error)")
        }
        guard let value = JSONText.read(body) else { return .text(400, "Body not valid JSON") }
        var object = value.object ?? [:]
        if shared.routes.isByHost, let host = key.host { object["host"] = .string(host.lowercased()) }
        let setting: RouteSetting
        do throws(RouteSetting.Fault) {
            setting = try RouteSetting(key, object)
        } catch {
            return .text(400, "\(error)")
        }
        guard store(setting, text: object["target"]?.string ?? "") else { return .text(503, "Too many routes") }
        shared.metrics.routeAdditions.add(1, ordering: .relaxed)
        return Answer(status: 201)
    }

    /// False when there is no room for another route. `text` is how its target was spelled.
    private func store(_ setting: RouteSetting, text: String) -> Bool {
        log.write(.info, "Adding route \(setting.key.text) -> \(text)")
        if setting.address == nil {
            log.write(.warn, "route \(setting.key.text): no address for \(setting.target.name) yet")
        }
        let isStored = shared.routes.set(
            setting.key, to: setting.target, address: setting.address, access: setting.access,
            members: setting.members, at: wallClock())
        if isStored { log.write(.info, "Route added \(setting.key.text) -> \(text)") }
        return isStored
    }

    func remove(_ prefix: String) -> Answer {
        guard let key = RouteKey(escaped: prefix) else { return Answer(status: 404) }
        log.write(.info, "Removing route \(key.text)")
        guard shared.routes.remove(key) else { return Answer(status: 404) }
        shared.metrics.routeRemovals.add(1, ordering: .relaxed)
        return Answer(status: 204)
    }
}
