import Synchronization

/// Lets one task at a time do something, in the order in which they came.
///
/// Concurrency: any number of tasks; one that is cancelled while it waits leaves the queue.
final class GateQueue: Sendable {
    private struct State {
        var isBusy = false
        var last: UInt64 = 0
        var waiting: [(number: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private let state = Mutex(State())

    /// How many wait for their turn.
    var length: Int { state.withLock { $0.waiting.count } }

    /// Does `work` when it is its turn. Throws a CancellationError when the task is cancelled before.
    func alone<Value>(_ work: () async throws -> Value) async throws -> Value {
        try await enter()
        defer { leave() }
        return try await work()
    }

    private func enter() async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait($0, number) }
        } onCancel: {
            withdraw(number)
        }
    }

    private func wait(_ continuation: CheckedContinuation<Void, any Error>, _ number: UInt64) {
        enum Turn { case now, later, never }
        let turn = state.withLock { state -> Turn in
            // Whoever was cancelled before it stood here is withdrawn by nobody.
            guard !Task.isCancelled else { return .never }
            guard state.isBusy else {
                state.isBusy = true
                return .now
            }
            state.waiting.append((number, continuation))
            return .later
        }
        switch turn {
        case .now: continuation.resume()
        case .later: break
        case .never: continuation.resume(throwing: CancellationError())
        }
    }

    private func withdraw(_ number: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiting.remove(at: index).continuation
        }
        continuation?.resume(throwing: CancellationError())
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().continuation }
            state.isBusy = false
            return nil
        }
        next?.resume()
    }
}
