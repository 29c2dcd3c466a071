import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel

/// The proxy's REST interface: configurable-http-proxy's, and the list of logouts.
struct ProxyClient: Sendable {
    let fetcher: Fetcher
    let api: ListenAddress
    let token: Secret

    /// One route as the proxy holds it.
    struct Route: Hashable, Sendable {
        var target: String
        var session: String?
        var person: String?
    }

    /// Every route by its prefix, without a slash at the end except for the root.
    func routes() async throws(HubError) -> [String: Route] {
        let answer = try await send("GET", "/api/routes")
        guard let listed = try? JSONDecoder().decode(JSON.self, from: Data(answer.body)).object else {
            throw HubError(.unavailable, "the proxy's list of routes cannot be read", next: "look at the proxy's log")
        }
        var routes: [String: Route] = [:]
        for (prefix, data) in listed {
            routes[Self.key(prefix)] = Route(data)
        }
        return routes
    }

    /// The route of exactly `prefix`; nil when the proxy has none.
    func route(_ prefix: String) async throws(HubError) -> Route? {
        let answer = try await send("GET", "/api/routes\(prefix)", accepting: [404])
        guard answer.status != 404, let data = try? JSONDecoder().decode(JSON.self, from: Data(answer.body)) else {
            return nil
        }
        return Route(data)
    }

    func add(_ prefix: String, _ route: Route) async throws(HubError) {
        var body: JSON = ["target": .string(route.target)]
        body["session"] = route.session.map { .string($0) }
        body["user"] = route.person.map { .string($0) }
        try await send("POST", "/api/routes\(prefix)", body)
    }

    /// A prefix that has no route is as good as removed.
    func remove(_ prefix: String) async throws(HubError) {
        try await send("DELETE", "/api/routes\(prefix)", accepting: [404])
    }

    /// From now on and for `time` nothing behind the proxy opens for these logins.
    func refuse(sids: [String], for time: Duration) async throws(HubError) {
        let body: JSON = [
            "session-ids": .array(sids.map { .string($0) }), "seconds": .integer(time.components.seconds),
        ]
        try await send("POST", "/api/logouts", body)
    }

    /// Which keys the gate of the proxy has, and its login; nil when the proxy has no gate, or takes no keys because
    /// it asks nobody for a token.
    func gateState() async throws(HubError) -> GateState? {
        let answer = try await send("GET", "/api/gate-keys", accepting: [403, 404])
        guard answer.status == 200, let data = try? JSONDecoder().decode(JSON.self, from: Data(answer.body)) else {
            return nil
        }
        return GateState(ids: (data["ids"]?.array ?? []).compactMap(\.integer), login: data["login"]?.string)
    }

    struct GateState: Hashable {
        var ids: [Int64]
        var login: String?
    }

    /// Gives the gate its keys, the first for sealing, and the page to which it sends people.
    func setGate(_ keys: GateKeys, login: String) async throws(HubError) {
        let listed = keys.keys.map { key -> JSON in
            ["id": .integer(Int64(key.id)), "key": .string(Data(key.reveal()).base64EncodedString())]
        }
        try await send("PUT", "/api/gate-keys", ["keys": .array(listed), "login": .string(login)])
    }

    /// `prefix` as the proxy writes it.
    static func key(_ prefix: String) -> String {
        prefix.count > 1 && prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    }

    @discardableResult
    private func send(
        _ method: String, _ path: String, _ body: JSON? = nil, accepting others: Set<Int> = []
    ) async throws(HubError) -> FetchResponse {
        var request = FetchRequest(
            method, url: "http://\(api)\(path)",
            headers: [("Authorization", "token \(token.reveal())")], connectLimit: .seconds(2), limit: .seconds(10))
        if let body {
            request.headers.append(("Content-Type", "application/json"))
            request.body = (try? JSONEncoder().encode(body)).map(Array.init)
        }
        let answer: FetchResponse
        do {
            answer = try await fetcher.fetch(request)
        } catch {
            throw HubError(.unavailable, "the proxy does not answer", next: "try again in a moment", detail: "\(error)")
        }
        guard (200..<300).contains(answer.status) || others.contains(answer.status) else {
            throw HubError(
                .unavailable, "the proxy refuses what the hub asks of it", next: "an operator has to look at its log",
                detail: "\(method) \(path) was answered with \(answer.status)")
        }
        return answer
    }
}

extension ProxyClient.Route {
    /// As the proxy writes it; nil without a target.
    fileprivate init?(_ data: JSON) {
        guard let target = data["target"]?.string else { return nil }
        self.init(target: target, session: data["session"]?.string, person: data["user"]?.string)
    }
}
