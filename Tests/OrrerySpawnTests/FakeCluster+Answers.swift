import FoundationEssentials
import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Synchronization

extension FakeCluster {
    struct Answer {
        var status: Int
        var body: JSON

        var response: FetchResponse {
            FetchResponse(
                status: status, headers: FetchHeaders([("Content-Type", "application/json")]), body: body.text)
        }

        /// What a gateway says whose API server is away.
        static let badGateway = Answer(status: 502, body: "Bad Gateway")

        static func refusal(_ code: Int, _ reason: String, _ message: String) -> Answer {
            Answer(
                status: code,
                body: [
                    "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
                    "message": .string(message), "reason": .string(reason), "code": .integer(Int64(code)),
                ])
        }
    }

    /// Answers one request. Throws as a lost connection would.
    func answer(_ request: FetchRequest) throws(FetchError) -> FetchResponse {
        let call = Call(request)
        let answer = state.withLock { state -> Answer? in
            guard !state.isAway else { return nil }
            state.calls.append("\(request.method) \(call.plural)\(call.name.map { "/\($0)" } ?? "")\(call.suffix)")
            let answer = state.answer(call)
            let isLost = state.losesAnswerToPod && call.method == "POST" && call.plural == "pods"
            if isLost { state.losesAnswerToPod = false }
            return isLost ? nil : answer
        }
        guard let answer else { throw FetchError(.cut, "the connection to api.test:443 ended", host: "api.test:443") }
        if call.isLog {
            return FetchResponse(status: 200, headers: FetchHeaders(), body: Array(state.withLock { $0.log }.utf8))
        }
        return answer.response
    }

    /// Opens a watch on what changes from now on.
    func watch(_ request: FetchRequest) throws(FetchError) -> AsyncStream<[UInt8]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let isAway = state.withLock { state in
            guard !state.isAway else { return true }
            let key = (state.watchers.keys.max() ?? 0) + 1
            state.watchers[key] = Watcher(plural: Call(request).plural, stream: continuation)
            let since = Call(request).query["resourceVersion"].flatMap { Int($0) } ?? 0
            for past in state.history where past.version > since && past.plural == Call(request).plural {
                continuation.yield(past.line)
            }
            return false
        }
        if isAway { throw FetchError(.cannotConnect, "no connection to api.test:443", host: "api.test:443") }
        return stream
    }

    /// A request in the words of the API.
    struct Call {
        let method: String
        let plural: String
        let name: String?
        let isLog: Bool
        let query: [String: String]
        let body: JSON

        init(_ request: FetchRequest) {
            method = request.method
            let parts = request.url.split(separator: "?", maxSplits: 1)
            let path = parts[0].split(separator: "/")
            plural = path.count > 6 ? String(path[6]) : ""
            name = path.count > 7 ? String(path[7]) : nil
            isLog = path.last == "log"
            query = Dictionary(
                parts.dropFirst().joined().split(separator: "&").compactMap { pair in
                    let sides = pair.split(separator: "=", maxSplits: 1)
                    return sides.count == 2 ? (String(sides[0]), String(sides[1])) : nil
                }
            ) { _, last in last }
            body = request.body.flatMap { try? JSONDecoder().decode(JSON.self, from: Data($0)) } ?? .null
        }

        var suffix: String { isLog ? "/log" : "" }
        var key: String { "\(plural)/\(name ?? body["metadata"]?["name"]?.string ?? "")" }
    }
}

extension FakeCluster.State {
    typealias Call = FakeCluster.Call
    typealias Answer = FakeCluster.Answer

    mutating func answer(_ call: Call) -> Answer {
        if call.method == "DELETE", let deletion, deletion.plural == call.plural, deletion.times > 0 {
            self.deletion?.times -= 1
            return deletion.answer
        }
        return switch (call.method, call.name) {
        case ("POST", _): create(call)
        case ("GET", nil): list(call)
        case ("GET", _): find(call) { _, object in Answer(status: 200, body: object.json) }
        case ("DELETE", _): find(call) { state, object in state.delete(object, call) }
        // An agent's gate takes no other change than this.
        case ("PATCH", _)
        where call.plural == "secrets" && (call.body.object ?? [:]).keys.contains { $0 != "stringData" }:
            .refusal(403, "Forbidden", "a change of a Secret has no other member than `stringData`")
        case ("PATCH", _):
            find(call) { state, object in
                var object = object
                let texts = object.json["stringData"]?.object ?? [:]
                object.json["stringData"] = .object(
                    texts.merging(call.body["stringData"]?.object ?? [:]) { _, new in new })
                state.put(object, as: "MODIFIED")
                return Answer(status: 200, body: object.json)
            }
        default: .refusal(405, "MethodNotAllowed", "no")
        }
    }

    private mutating func find(_ call: Call, _ body: (inout Self, FakeCluster.Object) -> Answer) -> Answer {
        guard let object = objects[call.key] else {
            return .refusal(404, "NotFound", "\(call.plural) \"\(call.name ?? "")\" not found")
        }
        return body(&self, object)
    }

    private mutating func create(_ call: Call) -> Answer {
        if call.plural == refused, let refusal {
            if makesWhatItRefuses {
                self.refusal = nil
                _ = create(call)
            }
            return .refusal(refusal.code, refusal.reason, refusal.message)
        }
        if knowsNoGroupsPolicy, call.body["spec"]?["securityContext"]?["supplementalGroupsPolicy"] != nil {
            return .refusal(
                400, "BadRequest",
                "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown field "
                    + "\"spec.securityContext.supplementalGroupsPolicy\"")
        }
        guard objects[call.key] == nil else {
            return .refusal(409, "AlreadyExists", "\(call.plural) \"\(call.key)\" already exists")
        }
        var json = call.body
        if call.plural == "pods" {
            json["status"] = ["phase": "Pending"]
            rewrite?(&json)
        }
        put(FakeCluster.Object(plural: call.plural, json: json), as: "ADDED")
        guard var object = objects[call.key] else { return .refusal(500, "InternalError", "lost") }
        let answer = Answer(status: 201, body: object.json)
        guard call.plural == "pods", runsPods || !fates.isEmpty else { return answer }
        if fates.isEmpty { object.json.run() } else { object.json.suffer(fates.removeFirst()) }
        put(object, as: "MODIFIED")
        return answer
    }

    private func list(_ call: Call) -> Answer {
        if let hiding { return .refusal(hiding, "Hidden", "not now") }
        let items = objects.values.filter { $0.plural == call.plural }.map(\.json)
        return Answer(
            status: 200, body: ["metadata": ["resourceVersion": .string("\(version)")], "items": .array(items)])
    }

    private mutating func delete(_ object: FakeCluster.Object, _ call: Call) -> Answer {
        if let uid = call.body["preconditions"]?["uid"]?.string, uid != object.uid {
            return .refusal(409, "Conflict", "the UID in the precondition does not match")
        }
        if call.plural == "pods" { graces.append(call.body["gracePeriodSeconds"]?.integer ?? -1) }
        guard call.plural == "pods", lingers || !runsPods, object.json["spec"]?["nodeName"] != nil else {
            drop(call.key)
            return Answer(status: 200, body: object.json)
        }
        var object = object
        object.json["metadata"]?["deletionTimestamp"] = "2026-11-21T12:00:00Z"
        put(object, as: "MODIFIED")
        return Answer(status: 200, body: object.json)
    }
}
