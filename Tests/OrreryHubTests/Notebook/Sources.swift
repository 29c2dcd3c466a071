import Foundation
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

@testable import OrreryHub

/// An issuer that does what the test says: gives numbered tokens, refuses, or never answers.
final class ScriptedSource: NotebookSource {
    enum Mood: Sendable { case gives, refuses, hangs, repeats }

    let name: String
    private let clock: TurnedClock
    private let life: Duration
    private let state = Mutex((mood: Mood.gives, count: 0, end: Date.distantPast))
    private let asked = Mutex<(@Sendable () -> Void)?>(nil)

    init(_ name: String, clock: TurnedClock, life: Duration = .seconds(3600)) {
        self.name = name
        self.clock = clock
        self.life = life
    }

    var mood: Mood {
        get { state.withLock { $0.mood } }
        set { state.withLock { $0.mood = newValue } }
    }
    var count: Int { state.withLock { $0.count } }
    let isBearer = true

    /// What happens whenever it is asked for a token.
    func onAsked(_ body: @escaping @Sendable () -> Void) { asked.withLock { $0 = body } }

    func file(uid: UInt32) -> String { "bt_u\(uid)-\(name)" }
    func serves(_ person: PersonRecord) async throws -> Bool { !person.person.name.hasPrefix("stranger") }

    func token(
        for session: SessionRecord, of person: PersonRecord, endingAfter end: Date?
    ) async throws -> NotebookToken {
        asked.withLock { $0 }?()
        switch mood {
        case .refuses: throw HubError(.unavailable, "\(name) is away")
        case .hangs: while true { try await Task.sleep(for: .seconds(60)) }
        case .gives: state.withLock { $0 = ($0.mood, $0.count + 1, clock.now + life.seconds) }
        case .repeats: break
        }
        return state.withLock { NotebookToken(token: Secret("\(name) \($0.count)"), end: $0.end) }
    }
}

/// The Secrets of all pods, as a cluster would have them.
final class RecordedDirectories: TokenDirectories {
    private let state = Mutex((isAway: false, hanging: String?.none, puts: [[String: String]]()))

    /// From now on the cluster of this name takes calls and never answers.
    func setHanging(_ cluster: String) { state.withLock { $0.hanging = cluster } }
    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    /// What was put since the last look, one element for each call.
    func take() -> [[String: String]] {
        state.withLock { state in
            defer { state.puts = [] }
            return state.puts
        }
    }

    func put(_ files: [String: Secret], intoTokensOf session: SessionRecord) async throws(KubernetesError) {
        if state.withLock({ $0.hanging == session.cluster }) {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
        }
        let isAway = state.withLock { state in
            if !state.isAway { state.puts.append(files.mapValues { $0.reveal() }) }
            return state.isAway
        }
        if isAway { throw .transport("no connection", beforeSending: true) }
    }
}
