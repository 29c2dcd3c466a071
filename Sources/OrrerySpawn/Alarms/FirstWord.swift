import Synchronization

/// What is said first, by whichever of several that one task waits for. Later words are not heard.
///
/// Concurrency: anybody may speak; one task listens, once.
package final class FirstWord<Word: Sendable>: Sendable {
    private enum State {
        case silence
        case awaited(CheckedContinuation<Word, Never>)
        case said(Word)
    }

    private let state = Mutex(State.silence)

    package init() {}

    package func say(_ word: Word) {
        let listener: CheckedContinuation<Word, Never>? = state.withLock { state in
            switch state {
            case .said: return nil
            case .silence:
                state = .said(word)
                return nil
            case .awaited(let listener):
                state = .said(word)
                return listener
            }
        }
        listener?.resume(returning: word)
    }

    /// The first word; `otherwise` when the task is cancelled before anybody speaks.
    package func heard(otherwise: Word) async -> Word {
        await withTaskCancellationHandler {
            await withCheckedContinuation { listener in
                let word: Word? = state.withLock { state in
                    if case .said(let word) = state { return word }
                    state = .awaited(listener)
                    return nil
                }
                if let word { listener.resume(returning: word) }
            }
        } onCancel: {
            say(otherwise)
        }
    }
}
