import Foundation
import Logging
import OrreryPolicy
import Synchronization

/// The policy in force, and what became of the newest documents. New documents are read as a whole and their tests run;
/// only then they take the place of the old ones, at once for everybody. Bad ones leave the old in force.
///
/// Concurrency: any number of tasks may ask; a reading holds nobody up but the next one.
final class PolicyBook: Sendable {
    /// What reading the documents gives: a policy, or every error.
    typealias Reading = @Sendable () -> Result<Policy, PolicyErrors>

    /// How things stand, for operators.
    struct Standing: Sendable {
        var policy: Policy
        /// When the policy in force was read.
        var since: Date
        /// Nil unless the newest documents are wrong.
        var rejection: Rejection?
        /// How often newer documents came into force, and how often they did not.
        var taken = 0
        var rejected = 0
    }

    struct Rejection: Sendable {
        let at: Date
        /// Sentences that begin with `file:line:column`.
        let errors: [String]
    }

    private struct State {
        var standing: Standing
        /// Which clusters have joined, and what each is trusted with.
        var joined: [String: Set<String>] = [:]
        /// The policy of `standing` with those.
        var effective: Policy

        mutating func refresh() { effective = standing.policy.adding(joined) }
    }

    private let state: Mutex<State>
    /// Held by whoever reads, so that what was read last is what is in force.
    private let turn = Mutex<Void>(())
    private let follower = Mutex<@Sendable () -> Void>({})
    private let reading: Reading
    private let now: @Sendable () -> Date
    private let logger: Logger

    init(_ policy: Policy, logger: Logger, now: @escaping @Sendable () -> Date, reading: @escaping Reading) {
        state = Mutex(State(standing: Standing(policy: policy, since: now()), effective: policy))
        self.reading = reading
        self.now = now
        self.logger = logger
    }

    /// The policy in force. Whoever needs it twice for one question keeps it meanwhile.
    var current: Policy { state.withLock { $0.effective } }

    var standing: Standing { state.withLock { $0.standing } }

    /// `follower` is called each time that a newer policy has come into force.
    func follow(_ follower: @escaping @Sendable () -> Void) { self.follower.withLock { $0 = follower } }

    /// Reads the documents and puts them in force if they are right and say something else.
    func reload() {
        turn.withLock { _ in
            switch reading() {
            case .success(let policy): take(policy)
            case .failure(let errors): reject(errors)
            }
        }
    }

    /// Takes over which clusters have joined, and what each is trusted with.
    func join(_ clusters: [String: Set<String>]) {
        state.withLock { state in
            state.joined = clusters
            state.refresh()
        }
    }

    private func take(_ policy: Policy) {
        let instant = now()
        let isNew = state.withLock { state in
            state.standing.rejection = nil
            // Not the policies themselves: they were read with what clusters were trusted with at the time.
            guard state.effective != policy.adding(state.joined) else { return false }
            state.standing.policy = policy
            state.standing.since = instant
            state.standing.taken += 1
            state.refresh()
            return true
        }
        if isNew { follower.withLock { $0 }() }
        logger.notice(isNew ? "a newer policy is in force" : "the policy was read again and is the same")
    }

    private func reject(_ errors: PolicyErrors) {
        let instant = now()
        state.withLock { state in
            state.standing.rejection = Rejection(at: instant, errors: errors.sentences)
            state.standing.rejected += 1
        }
        for sentence in errors.sentences {
            logger.error("a newer policy is wrong, the one before stays in force", metadata: ["error": "\(sentence)"])
        }
    }
}

/// Everything that is wrong in the documents of a policy; never empty.
struct PolicyErrors: Error {
    let sentences: [String]
}
