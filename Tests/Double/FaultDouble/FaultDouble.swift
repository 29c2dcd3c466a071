import Foundation
import OrreryFetch

/// An API server that misbehaves on demand: a proxy in front of a real one, on loopback, in which a test says what goes
/// wrong and reads what was asked.
///
///     let double = try await FaultDouble(Upstream("http://127.0.0.1:\(pocket.port)"))
///     let serving = Task { try await double.run() }          // cancel it at the end
///     double.add(Fault(.lose(what: .answer), on: .init("POST", path: "/pods")))
///     double.watches(path: "/pods", .bytes(#"{"type":"ERROR","object":\#(Fault.Refusal.expired.status)}"# + "\n"))
///     double.calls.filter(\.isMutating).count
///
/// As a program for tests in other languages: `fault-double --upstream URL`, which prints two ports as JSON, that of the
/// API and that of its control interface (`Control`).
///
/// Concurrency: usable from any task; `run` serves both ports.
package final class FaultDouble: Sendable {
    let upstream: Upstream
    let book = FaultBook()
    let fetcher = Fetcher()
    private let listener: Listener
    private let controlListener: Listener

    /// Takes ports; 0 means any. Requests wait until `run`.
    package init(_ upstream: Upstream, port: Int = 0, controlPort: Int = 0) async throws {
        self.upstream = upstream
        listener = try await Listener(port: port)
        controlListener = try await Listener(port: controlPort)
    }

    package var port: Int { listener.port }
    package var controlPort: Int { controlListener.port }
    /// What a client takes for the API server.
    package var server: String { "http://127.0.0.1:\(port)" }

    /// Serves until the task is cancelled; then every connection ends.
    package func run() async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.listener.serve { try await self.answer($0, $1) } }
            group.addTask { try await self.controlListener.serve { try await self.control($0, $1) } }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Adds a fault and gives its number.
    @discardableResult
    package func add(_ fault: Fault) -> Int { book.add(fault) }

    /// Takes one fault away, or all.
    package func remove(_ number: Int? = nil) { book.remove(number) }

    /// How many requests a fault has harmed.
    package func hits(_ number: Int) -> Int { book.hits(number) }

    /// Every request so far, in order.
    package var calls: [Call] { book.calls }

    package func forgetCalls() { book.forgetCalls() }

    /// What happens to the watches that are open now.
    package enum Interference: Sendable {
        /// The client reads this text between two lines, and whatever is put into it is sent as it is.
        case bytes(String)
        case end(Fault.End)
    }

    /// Interferes with every open watch whose path contains `path`; how many there were.
    @discardableResult
    package func watches(path: String = "", _ interference: Interference) -> Int {
        let open = book.watches(Fault.Match(path: path))
        for watch in open {
            switch interference {
            case .bytes(let text): watch.send(.bytes(Array(text.utf8)))
            case .end(let how): watch.send(.end(how))
            }
        }
        return open.count
    }
}
