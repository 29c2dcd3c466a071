import Foundation
import OrreryModel
import OrreryStore
import Synchronization

/// A database that does not answer some questions, as one whose disk is busy for too long.
final class StubbornSessionStore: SessionStore {
    private let store: any SessionStore
    private let refusals: Mutex<[Question: Int]>
    private let readings = Mutex(0)
    private let interlude = Mutex<(@Sendable () async throws -> Void)?>(nil)

    enum Question { case session, places, ended }

    /// `refusals`: how many of the next of each are not answered.
    init(_ store: any SessionStore, refusing refusals: [Question: Int]) {
        self.store = store
        self.refusals = Mutex(refusals)
    }

    /// Whether all was refused that was to be.
    var isDone: Bool { refusals.withLock { $0.values.allSatisfy { $0 == 0 } } }

    /// How often it was asked for what has ended and gave it.
    var readingsOfEnded: Int { readings.withLock { $0 } }

    /// Once, as soon as the next question about a session, its story or all that live has its answer.
    func interrupt(_ interlude: @escaping @Sendable () async throws -> Void) {
        self.interlude.withLock { $0 = interlude }
    }

    private func pause() async {
        let interlude = interlude.withLock { interlude in
            defer { interlude = nil }
            return interlude
        }
        try? await interlude?()
    }

    private func answer(_ question: Question) throws(StoreError) {
        let isRefused = refusals.withLock { refusals in
            guard let left = refusals[question], left > 0 else { return false }
            refusals[question] = left - 1
            return true
        }
        if isRefused { throw StoreError(.unavailable, "the disk is busy", next: "wait") }
    }

    func activeByState() async throws(StoreError) -> [SessionState: Int] { try await store.activeByState() }

    func session(id: String) async throws(StoreError) -> SessionRecord? {
        try answer(.session)
        let session = try await store.session(id: id)
        await pause()
        return session
    }

    func places(person: Int64) async throws(StoreError) -> [String] {
        try answer(.places)
        return try await store.places(person: person)
    }

    func create(_ session: SessionRecord) async throws(StoreError) { try await store.create(session) }

    func open(
        _ session: SessionRecord, planText: String?, then steps: [SessionStep]
    ) async throws(StoreError) -> [SessionEventRecord] {
        try await store.open(session, planText: planText, then: steps)
    }

    func active(person: Int64) async throws(StoreError) -> [SessionRecord] { try await store.active(person: person) }
    func newestSession() async throws(StoreError) -> String? { try await store.newestSession() }

    func allActive() async throws(StoreError) -> [SessionRecord] {
        let sessions = try await store.allActive()
        await pause()
        return sessions
    }

    func lastEnded(person: Int64, under path: String) async throws(StoreError) -> SessionRecord? {
        try await store.lastEnded(person: person, under: path)
    }

    func lastEnded(person: Int64) async throws(StoreError) -> SessionRecord? {
        try await store.lastEnded(person: person)
    }

    func history(person: Int64, limit: Int) async throws(StoreError) -> [SessionRecord] {
        try await store.history(person: person, limit: limit)
    }

    func ended(since instant: Date) async throws(StoreError) -> [SessionRecord] {
        try answer(.ended)
        readings.withLock { $0 += 1 }
        return try await store.ended(since: instant)
    }

    func update(
        _ id: String, _ change: @escaping @Sendable (inout SessionRecord) -> Void
    ) async throws(StoreError) -> SessionRecord { try await store.update(id, change) }

    func advance(
        _ id: String, at now: Date, _ change: @escaping @Sendable (inout SessionRecord) -> Void
    ) async throws(StoreError) -> (session: SessionRecord, event: SessionEventRecord) {
        try await store.advance(id, at: now, change)
    }

    func keep(
        _ steps: [SessionStep], of id: String, at now: Date
    ) async throws(StoreError) -> [SessionEventRecord] { try await store.keep(steps, of: id, at: now) }

    func appendEvent(
        session: String, at now: Date, state: SessionState, message: String
    ) async throws(StoreError) -> SessionEventRecord {
        try await store.appendEvent(session: session, at: now, state: state, message: message)
    }

    func events(session: String, after number: Int) async throws(StoreError) -> [SessionEventRecord] {
        let events = try await store.events(session: session, after: number)
        await pause()
        return events
    }

    func touch(_ activity: [(session: String, at: Date)]) async throws(StoreError) { try await store.touch(activity) }

    func removeEnded(before instant: Date, atMost most: Int) async throws(StoreError) -> Int {
        try await store.removeEnded(before: instant, atMost: most)
    }
}
