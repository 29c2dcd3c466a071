internal import OrreryProxy
internal import OrreryWire
internal import Synchronization

/// Has files read again on a thread of its own. They may lie where reading takes long, and the signal that ends the proxy
/// is to be heard meanwhile.
///
/// Asked for while it is under way, it is done once more: what has changed may have been read already.
///
/// Concurrency: any thread may call anything; `work` is on one thread at a time.
final class Reloading: Sendable {
    private enum State { case idle, running, wantedAgain }

    private let state = Mutex(State.idle)
    private let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    /// Whether something is being read.
    var isUnderWay: Bool { state.withLock { $0 != .idle } }

    /// Begins, and waits for nothing.
    func begin() {
        let isFirst = state.withLock { state in
            let isFirst = state == .idle
            state = isFirst ? .running : .wantedAgain
            return isFirst
        }
        // Without a thread to be had it is done here: later is better than not at all.
        if isFirst, !LoopThread.start({ self.run() }) { run() }
    }

    private func run() {
        repeat { work() } while isWantedAgain()
    }

    private func isWantedAgain() -> Bool {
        state.withLock { state in
            state = state == .wantedAgain ? .running : .idle
            return state == .running
        }
    }
}
