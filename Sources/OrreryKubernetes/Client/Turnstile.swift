import Synchronization

/// Lets so many through at one time; the others wait in the order in which they came.
///
/// Concurrency: any number of tasks. A task that is cancelled while it waits leaves the row.
final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var next = 0
        var waiting: [(number: Int, goOn: CheckedContinuation<Bool, Never>)] = []
    }

    private let state: Mutex<State>

    init(_ places: Int) { state = Mutex(State(free: max(1, places))) }

    /// Waits for a place; whoever has one must `leave`.
    func enter() async throws(KubernetesError) {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        let isIn = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.waiting.append((number, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            giveUp(number)
        }
        guard isIn else { throw .cancelled }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst().goOn }
            state.free += 1
            return nil
        }
        next?.resume(returning: true)
    }

    private func giveUp(_ number: Int) {
        let leaver = state.withLock { state in
            state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0).goOn }
        }
        leaver?.resume(returning: false)
    }
}
