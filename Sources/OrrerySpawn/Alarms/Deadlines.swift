package import OrreryKubernetes
import Synchronization

/// Ends of waits. Nearly everybody who waits is told before the end: one task sleeps for all of them, until the earliest, and
/// only while somebody waits. A sleep of its own for each takes a timer of the system and three changes of thread.
///
/// Concurrency: any task may set and forget.
package final class Deadlines: Sendable {
    private struct State {
        var rings: [Int: @Sendable () -> Void] = [:]
        var agenda = Agenda<Int>()
        var last = 0
        /// When those wake that sleep.
        var wakes: [Duration] = []
    }

    private let time: Timekeeper
    private let state = Mutex(State())

    package init(_ time: Timekeeper = .continuous) { self.time = time }

    /// Calls `ring` after `duration`, unless it is forgotten before by the number that this gives.
    package func set(after duration: Duration, _ ring: @escaping @Sendable () -> Void) -> Int {
        let end = time.elapsed() + duration
        let (number, wake) = state.withLock { state in
            state.last += 1
            state.rings[state.last] = ring
            state.agenda.add(state.last, at: end)
            return (state.last, Self.nextWake(&state))
        }
        sleep(until: wake)
        return number
    }

    package func forget(_ number: Int) { state.withLock { _ = $0.rings.removeValue(forKey: number) } }

    private func sleep(until wake: Duration?) {
        guard let wake else { return }
        Task {
            try? await time.sleep(wake - time.elapsed())
            ring(wake)
        }
    }

    private func ring(_ wake: Duration) {
        let now = max(time.elapsed(), wake)
        let (due, next) = state.withLock { state in
            state.wakes.removeAll { $0 == wake }
            var due: [@Sendable () -> Void] = []
            while let (end, number) = state.agenda.first, end <= now {
                state.agenda.removeFirst()
                if let ring = state.rings.removeValue(forKey: number) { due.append(ring) }
            }
            return (due, Self.nextWake(&state))
        }
        sleep(until: next)
        for ring in due { ring() }
    }

    /// When a sleep that has to begin now ends: with the earliest that is not forgotten, unless another one ends before.
    private static func nextWake(_ state: inout State) -> Duration? {
        while let (_, number) = state.agenda.first, state.rings[number] == nil { state.agenda.removeFirst() }
        guard let (end, _) = state.agenda.first, state.wakes.allSatisfy({ $0 > end }) else { return nil }
        state.wakes.append(end)
        return end
    }
}
