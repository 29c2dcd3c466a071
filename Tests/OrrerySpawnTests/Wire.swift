import OrreryFetch
import OrreryKubernetes
import Synchronization

/// The way from one spawner to the fake clusters. It can be cut for good at a chosen step, as a hub that dies is cut off:
/// either before the step has its effect, or after it and before its answer.
final class Wire: KubernetesTransport {
    enum Cut: Sendable { case before(Int), after(Int) }

    private struct State {
        var steps = 0
        var isDead = false
        var cut: Cut?
    }

    private let clusters: [String: FakeCluster]
    private let state: Mutex<State>

    /// `clusters` by the host of their server.
    init(_ clusters: [String: FakeCluster], cut: Cut? = nil) {
        self.clusters = clusters
        state = Mutex(State(cut: cut))
    }

    /// Dies so many steps from now, with that step's effect and without its answer.
    func cut(afterFurther steps: Int) { state.withLock { $0.cut = .after($0.steps + steps) } }

    var isDead: Bool { state.withLock { $0.isDead } }
    /// How many steps were taken: every request but those of the watches.
    var steps: Int { state.withLock { $0.steps } }

    /// Takes a step, calling `effect` for it.
    func step<Value>(_ effect: () throws(FetchError) -> Value) throws(FetchError) -> Value {
        let number = state.withLock { state in
            state.steps += 1
            if case .before(let last)? = state.cut, state.steps > last { state.isDead = true }
            return state.steps
        }
        guard !isDead else { throw Self.dead }
        let value = try effect()
        let isCut = state.withLock { state in
            guard case .after(let last)? = state.cut, number >= last else { return false }
            state.isDead = true
            return true
        }
        if isCut { throw Self.dead }
        return value
    }

    func fetch(_ request: FetchRequest) async throws(FetchError) -> FetchResponse {
        let cluster = try cluster(request)
        let isList = request.method == "GET" && request.url.contains("limit=500")
        if isList {
            guard !isDead else { throw Self.dead }
            return try cluster.answer(request)
        }
        return try step { () throws(FetchError) in try cluster.answer(request) }
    }

    func stream(_ request: FetchRequest) async throws(FetchError) -> StreamedAnswer {
        guard !isDead else { throw Self.dead }
        let cluster = try cluster(request)
        if let status = cluster.state.withLock({ $0.hiding }) {
            return StreamedAnswer(status: status, headers: FetchHeaders()) { nil }
        }
        let lines = try cluster.watch(request)
        return StreamedAnswer(status: 200, headers: FetchHeaders()) { () async throws(FetchError) in
            var iterator = lines.makeAsyncIterator()
            return await iterator.next()
        }
    }

    private func cluster(_ request: FetchRequest) throws(FetchError) -> FakeCluster {
        let host = request.url.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        guard let cluster = clusters[host] else { throw Self.dead }
        return cluster
    }

    private static let dead = FetchError(.cut, "the connection ended", host: "api.test:443")
}
