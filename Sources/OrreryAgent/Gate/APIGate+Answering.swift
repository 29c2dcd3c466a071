import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OrreryKubernetes
import OrreryModel

extension APIGate {
    func answer(_ request: Request) async throws -> Response {
        let scope = scope
        let call: GateCall
        do throws(GateRefusal) {
            if let refusal = GateHeaders.refusal(request.headers) { throw refusal }
            call = try GateCall.judge(
                method: request.method.rawValue, target: request.head.path ?? "", in: scope)
        } catch {
            logger.warning(
                "the gate refused a call",
                metadata: ["who": "hub", "method": "\(request.method)", "reason": "\(error.sentence)"])
            return try GateStatus(error).response()
        }
        do throws(GateRefusal) {
            return try await carryOut(call, request, scope)
        } catch {
            note(call, call.name, "refused", ["reason": "\(error.sentence)"])
            return try GateStatus(error).response()
        }
    }

    private func carryOut(_ call: GateCall, _ request: Request, _ scope: GateScope) async throws(GateRefusal)
        -> Response
    {
        var body = try await body(of: request, call, scope)
        if let body { try judge(body, call) }
        do {
            if call.rule.isForOwnPod {
                guard let uid = try await ownPod(call, scope) else {
                    return try GateStatus(noPod: call.name ?? "").response()
                }
                if call.rule.body == .deletion { body?.bind(toUID: uid) }
            }
            let bytes = try body?.bytes()
            guard call.rule.verb == "create", call.rule.resource == "pods", let most = policy.current.maxima.sessions
            else {
                return try await pass(on: call, bytes, body?.name, request)
            }
            return try await creations.alone {
                let count = try await sessions(scope)
                guard count < most else {
                    let subject = policy.current.subject
                    throw GateRefusal(
                        "\(subject) has room for \(most) sessions at one time, and they are taken.", cause: .policy)
                }
                return try await pass(on: call, bytes, body?.name, request)
            }
        } catch let refusal as GateRefusal {
            throw refusal
        } catch let no as APIRefusal {
            note(call, body?.name ?? call.name, "failed", ["question": "\(no.question)", "status": "\(no.status)"])
            return no.response
        } catch {
            note(call, body?.name ?? call.name, "failed", ["error": "\(error)"])
            let status = GateStatus(unavailable: "the cluster's API gives no answer to its agent: \(error)")
            do { return try status.response() } catch { throw GateRefusal("no answer can be written", status: 500) }
        }
    }

    private func body(
        of request: Request, _ call: GateCall, _ scope: GateScope
    ) async throws(GateRefusal) -> GateBody? {
        guard call.rule.verb != "watch" else {
            // Its body belongs to whoever looks for the hub's leaving.
            guard GateHeaders.sayNoBody(request.headers) else { throw GateRefusal("\(call.rule.title) has no body") }
            return nil
        }
        let bytes: [UInt8]
        do { bytes = Array(buffer: try await request.body.collect(upTo: GateBody.limit)) } catch is NIOTooManyBytesError
        {
            throw GateRefusal("the body is longer than \(GateBody.limit) bytes", status: 413)
        } catch {
            throw GateRefusal("the body did not arrive whole", status: 400)
        }
        guard let kind = call.rule.body else {
            guard bytes.isEmpty else { throw GateRefusal("\(call.rule.title) has no body") }
            return nil
        }
        let type = (request.headers[.contentType] ?? "").prefix { $0 != ";" }
        guard type == GateHeaders.contentType(of: kind) else {
            throw GateRefusal("the body is no \(GateHeaders.contentType(of: kind))", status: 415)
        }
        return try GateBody(bytes, of: call, in: scope)
    }

    /// What the site says to what is to be made.
    private func judge(_ body: GateBody, _ call: GateCall) throws(GateRefusal) {
        let refusals =
            switch call.rule.body {
            case .pod: policy.current.refusals(of: body.json)
            case .claim: policy.current.refusals(ofClaim: body.json)
            default: [String]()
            }
        guard !refusals.isEmpty else { return }
        throw GateRefusal(refusals.joined(separator: " "), cause: .policy)
    }

    /// The uid of the pod that the call is about; nil when there is none of this hub.
    private func ownPod(_ call: GateCall, _ scope: GateScope) async throws -> String? {
        let answer = try await client.relay("GET", call.object, stallLimit: stallLimit)
        let body = try await answer.collect(upTo: 4 << 20)
        guard answer.status != 404 else { return nil }
        guard answer.status == 200 else { throw APIRefusal("whose the pod is", answer, body) }
        let pod = try JSONDecoder().decode(JSON.self, from: Data(body))
        return scope.owns(pod) ? pod["metadata"]?["uid"]?.string : nil
    }

    /// How many of this hub's pods there are, wherever it may have some, which have not ended.
    private func sessions(_ scope: GateScope) async throws -> Int {
        var count = 0
        for namespace in scope.namespaces { count += try await sessions(in: namespace, scope) }
        return count
    }

    private func sessions(in namespace: String, _ scope: GateScope) async throws -> Int {
        let selector = scope.selector.replacing("/", with: "%2F").replacing("=", with: "%3D")
        let answer = try await client.relay(
            "GET", "/api/v1/namespaces/\(namespace)/pods?labelSelector=\(selector)", stallLimit: stallLimit)
        let body = try await answer.collect(upTo: 64 << 20)
        guard answer.status == 200 else { throw APIRefusal("which sessions there are", answer, body) }
        let pods = try JSONDecoder().decode(JSON.self, from: Data(body))["items"]?.array ?? []
        return pods.count { $0["status"]?["phase"] != "Succeeded" && $0["status"]?["phase"] != "Failed" }
    }

    /// For how long the cluster may say nothing to a call. A watch alone may wait for ever.
    var stallLimit: Duration { .seconds(30) }

    private func pass(on call: GateCall, _ body: [UInt8]?, _ made: String?, _ request: Request) async throws -> Response
    {
        var headers: [(name: String, value: String)] = []
        if let kind = call.rule.body { headers.append(("Content-Type", GateHeaders.contentType(of: kind))) }
        let answer = try await client.relay(
            call.method, call.target, headers: headers, body: body,
            stallLimit: call.rule.verb == "watch" ? nil : stallLimit)
        note(call, made ?? call.name, "passed", ["status": "\(answer.status)"])
        if call.rule.resource == "secrets", (200..<300).contains(answer.status) {
            return try await withoutContent(answer)
        }
        if call.rule.body == .pod, answer.status == 201, policy.current.boundsGroups {
            return try await heldAgainstGroups(answer, call)
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: GateHeaders.answer(answer.headers),
            body: call.rule.verb == "watch"
                ? request.watch(answer)
                : ResponseBody { writer in
                    while let chunk = try await answer.next() { try await writer.write(ByteBuffer(bytes: chunk)) }
                    try await writer.finish(nil)
                })
    }

    /// Every call that changes something, and every refusal, stands in the site's own log; never a body.
    func note(_ call: GateCall, _ name: String?, _ verdict: String, _ more: Logger.Metadata) {
        let isNews = call.rule.isMutating || verdict == "refused"
        logger.log(
            level: !isNews ? .debug : verdict == "passed" ? .notice : .warning, "a call of the hub",
            metadata: [
                "who": "hub", "verb": "\(call.rule.verb)", "resource": "\(call.rule.resource)",
                "namespace": "\(call.namespace)", "name": "\(name ?? "")", "verdict": "\(verdict)",
            ].merging(more) { _, new in new })
    }
}
