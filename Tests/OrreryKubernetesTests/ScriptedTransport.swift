import OrreryFetch
import OrreryKubernetes
import OrreryModel
import Synchronization

/// A way to a cluster that answers from a script, one reply per request, in order. When the script is at its end, a
/// request waits for ever, as one to a server that has gone silent.
final class ScriptedTransport: KubernetesTransport {
    struct Reply {
        var status = 200
        var headers: [(String, String)] = [("Content-Type", "application/json")]
        var chunks: [String] = []
        var end = End.closed
        var error: FetchError?
    }

    enum End {
        case closed, silent, cut
        /// Silent until `release`, then closed.
        case held
    }

    private struct State {
        var replies: [Reply]
        var requests: [FetchRequest] = []
        var isReleased = false
    }

    private let state: Mutex<State>

    init(_ replies: [Reply]) { state = Mutex(State(replies: replies)) }

    /// Method and URL without scheme and host, in order.
    var calls: [String] {
        requests.map { "\($0.method) \($0.url.dropFirst("https://api.test".count))" }
    }
    var requests: [FetchRequest] { state.withLock { $0.requests } }

    func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse {
        let reply = try await take(request)
        return FetchResponse(
            status: reply.status, headers: FetchHeaders(reply.headers), body: Array(reply.chunks.joined().utf8))
    }

    func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
        let reply = try await take(request)
        let rest = Rest(reply.chunks.map { Array($0.utf8) })
        return StreamedAnswer(status: reply.status, headers: FetchHeaders(reply.headers)) {
            () async throws(FetchError) in
            if let chunk = rest.next() { return chunk }
            switch reply.end {
            case .closed: return nil
            case .cut: throw FetchError(.cut, "the connection ended", host: "api.test:443")
            case .silent:
                try await Self.silence()
                return nil
            case .held:
                while !self.state.withLock({ $0.isReleased }) { try await Self.pause() }
                return nil
            }
        }
    }

    private func take(_ request: FetchRequest) async throws(FetchError) -> Reply {
        let reply = state.withLock { state -> Reply? in
            state.requests.append(request)
            return state.replies.isEmpty ? nil : state.replies.removeFirst()
        }
        guard let reply else {
            try await Self.silence()
            return Reply()
        }
        if let error = reply.error { throw error }
        return reply
    }

    func release() { state.withLock { $0.isReleased = true } }

    private static func pause() async throws(FetchError) {
        do { try await Task.sleep(for: .milliseconds(1)) } catch {
            throw FetchError(.cancelled, "cancelled", host: "api.test:443")
        }
    }

    private static func silence() async throws(FetchError) {
        do { try await Task.sleep(for: .seconds(3600)) } catch {
            throw FetchError(.cancelled, "cancelled", host: "api.test:443")
        }
    }

    private final class Rest: Sendable {
        private let chunks: Mutex<[[UInt8]]>
        init(_ chunks: [[UInt8]]) { self.chunks = Mutex(chunks) }
        func next() -> [UInt8]? { chunks.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    }
}

extension ScriptedTransport.Reply {
    static func json(_ status: Int, _ body: String) -> Self { Self(status: status, chunks: [body]) }

    static func watch(_ lines: [String], end: ScriptedTransport.End = .closed) -> Self {
        Self(chunks: lines.map { $0 + "\n" }, end: end)
    }

    static func failure(_ kind: FetchError.Kind) -> Self {
        Self(error: FetchError(kind, "no answer from api.test:443", host: "api.test:443"))
    }

    /// A list of pods called as `names`, each with its name as uid.
    static func pods(_ names: [String], version: String, next: String = "") -> Self {
        let items = names.map { podText($0) }.joined(separator: ",")
        return json(
            200,
            """
            {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"\(version)","continue":"\(next)"},\
            "items":[\(items)]}
            """)
    }

    static func refusal(_ code: Int, _ reason: String, _ message: String) -> Self {
        json(
            code,
            """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\(message)",\
            "reason":"\(reason)","code":\(code)}
            """)
    }
}

func podText(_ name: String, version: String = "1") -> String {
    """
    {"metadata":{"name":"\(name)","uid":"\(name)","resourceVersion":"\(version)"},\
    "spec":{"containers":[{"name":"notebook"}]},"status":{"phase":"Pending"}}
    """
}

func line(_ type: String, _ object: String) -> String { "{\"type\":\"\(type)\",\"object\":\(object)}" }

let access = ClusterAccess(
    name: "north", server: "https://api.test/", token: .init("very-secret"), namespace: "hub")
