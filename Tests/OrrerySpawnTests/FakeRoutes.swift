import OrreryFetch
import OrrerySpawn
import Synchronization

/// A proxy in memory. It may share the wire's cut, so that a hub can die between any two of its steps.
final class FakeRoutes: RouteBook {
    struct Trouble: Error {}

    struct State {
        var routes: [String: String] = [:]
        var story: [String] = []
        var answers = true
        /// Whether a server answers that is asked directly, before its cluster calls it ready.
        var listens = false
        var isDown = false
        /// Called when a hub that starts waits for the routes of before.
        var whenRestored: @Sendable () -> Void = {}
    }

    let state = Mutex(State())
    let wire = Mutex<Wire?>(nil)

    var routes: [String: String] { state.withLock { $0.routes } }
    var story: [String] { state.withLock { $0.story } }

    func open(_ prefix: String, to target: String, session: String, person: String) async throws {
        try take { state in
            state.routes[prefix] = target
            state.story.append("open \(prefix) \(target)")
        }
    }

    func close(_ prefix: String) async throws {
        try take { state in
            state.routes[prefix] = nil
            state.story.append("close \(prefix)")
        }
    }

    func answers(_ prefix: String) async -> Bool {
        (try? take { $0.answers && $0.routes[prefix] != nil }) ?? false
    }

    func restored() async { state.withLock { $0.whenRestored }() }

    func listens(_ target: String, at prefix: String) async -> Bool { state.withLock { $0.listens } }

    private func take<Value>(_ body: (inout State) -> Value) throws -> Value {
        guard state.withLock({ !$0.isDown }) else { throw Trouble() }
        guard let wire = wire.withLock({ $0 }) else { return state.withLock { body(&$0) } }
        return try wire.step { () throws(FetchError) in state.withLock { body(&$0) } }
    }
}
