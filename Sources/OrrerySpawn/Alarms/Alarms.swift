import OrreryKubernetes
import Synchronization

/// Tells sessions when their time limits have run out. A session on its way has half a dozen of them, most of which are
/// forgotten long before: one task sleeps for all, until the earliest.
///
/// Concurrency: any task may set and forget; `run` alone sleeps.
final class Alarms: Sendable {
    /// A session has each of its limits once at a time.
    private struct Key: Hashable {
        let session: String
        let limit: SessionLimit
    }

    private struct Alarm {
        let ring: @Sendable () -> Void
        /// Which alarm of all it is: one that was set anew leaves its former place in the agenda.
        let number: Int
    }

    private struct State {
        var alarms: [Key: Alarm] = [:]
        var agenda = Agenda<(key: Key, number: Int)>()
        var last = 0
        /// The ends of all sleeps under way.
        var ends: [Duration] = []
    }

    private let time: Timekeeper
    private let state = Mutex(State())
    private let (sleeps, sleep) = AsyncStream.makeStream(of: Duration.self)

    init(_ time: Timekeeper) { self.time = time }

    /// Calls `ring` after `duration`, unless the limit is set again or forgotten before.
    func set(
        _ limit: SessionLimit, of session: String, after duration: Duration, ring: @escaping @Sendable () -> Void
    ) {
        let end = time.elapsed() + duration
        let next = state.withLock { state in
            state.last += 1
            let key = Key(session: session, limit: limit)
            state.alarms[key] = Alarm(ring: ring, number: state.last)
            state.agenda.add((key, state.last), at: end)
            Self.tidy(&state)
            return Self.nextSleep(&state)
        }
        if let next { sleep.yield(next) }
    }

    func forget(_ limit: SessionLimit, of session: String) {
        state.withLock { _ = $0.alarms.removeValue(forKey: Key(session: session, limit: limit)) }
    }

    /// The session has ended, or is left.
    func forgetAll(of session: String) {
        state.withLock { state in
            for limit in SessionLimit.allCases { state.alarms[Key(session: session, limit: limit)] = nil }
        }
    }

    /// How many times are in the agenda, those of forgotten limits too.
    var planned: Int { state.withLock { $0.agenda.count } }

    /// Sleeps and tells until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await end in sleeps {
                group.addTask {
                    guard (try? await self.time.sleep(end - self.time.elapsed())) != nil else { return }
                    self.ring(end)
                }
            }
        }
    }

    /// A sleep is over.
    private func ring(_ end: Duration) {
        let now = time.elapsed()
        let (due, next) = state.withLock { state in
            state.ends.removeAll { $0 == end }
            return (Self.takeDue(&state, at: now), Self.nextSleep(&state))
        }
        if let next { sleep.yield(next) }
        for alarm in due { alarm.ring() }
    }

    /// Those that are forgotten stay in the agenda until there are as many as there are others.
    private static func tidy(_ state: inout State) {
        guard state.agenda.count > 2 * state.alarms.count + 64 else { return }
        let alarms = state.alarms
        state.agenda.keep { alarms[$0.key]?.number == $0.number }
    }

    private static func takeDue(_ state: inout State, at now: Duration) -> [Alarm] {
        var due: [Alarm] = []
        while let (time, item) = state.agenda.first, time <= now {
            state.agenda.removeFirst()
            guard let alarm = state.alarms[item.key], alarm.number == item.number else { continue }
            state.alarms[item.key] = nil
            due.append(alarm)
        }
        return due
    }

    /// The end of a sleep that has to begin now: that of the earliest alarm, unless a sleep ends before.
    private static func nextSleep(_ state: inout State) -> Duration? {
        while let (_, item) = state.agenda.first, state.alarms[item.key]?.number != item.number {
            state.agenda.removeFirst()
        }
        guard let (time, _) = state.agenda.first, state.ends.allSatisfy({ $0 > time }) else { return nil }
        state.ends.append(time)
        return time
    }
}
