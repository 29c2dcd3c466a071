import Foundation
import Logging
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore
import ServiceLifecycle
import Synchronization

/// Compares once a minute, and when a newer policy is in force, what running sessions show with what their people may see:
/// groups change, embargoes begin, administrators think again. What follows is the fileset's `revoke` to say.
///
/// Concurrency: one round at a time, from `run` or a test.
final class GrantWatch: Service {
    private let desk: SessionDesk
    private let persons: any PersonStore
    private let audit: AuditLog
    private let now: @Sendable () -> Date
    private let logger: Logger
    /// What each session was told last, so that the log has it once.
    private let told = Mutex<[String: Withdrawal]>([:])

    init(
        desk: SessionDesk, persons: any PersonStore, audit: AuditLog, now: @escaping @Sendable () -> Date,
        logger: Logger
    ) {
        self.desk = desk
        self.persons = persons
        self.audit = audit
        self.now = now
        self.logger = logger
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var (last, policies) = (ContinuousClock.now, self.desk.policies.standing.taken)
            while (try? await Task.sleep(for: .seconds(2))) != nil {
                let taken = self.desk.policies.standing.taken
                guard taken != policies || ContinuousClock.now - last >= .seconds(60) else { continue }
                (last, policies) = (.now, taken)
                await self.round()
            }
        }
    }

    /// Looks at every session that has not ended.
    func round() async {
        let sessions = desk.spawner.sessions()
        told.withLock { told in
            let living = Set(sessions.map(\.id))
            told = told.filter { living.contains($0.key) }
        }
        for (id, sessions) in Dictionary(grouping: sessions, by: \.person) {
            // A store that does not answer takes nothing from anybody.
            guard let person = try? await persons.person(id: id) else { continue }
            for session in sessions { await look(at: session, of: person) }
        }
    }

    private func look(at session: SessionRecord, of person: PersonRecord) async {
        let withdrawal = withdrawal(of: session, for: person.person)
        desk.spawner.withdraw(withdrawal, from: session.id)
        let isNews = told.withLock { told in
            defer { told[session.id] = withdrawal }
            return told[session.id] != withdrawal
        }
        guard isNews, let withdrawal else { return }
        let filesets = withdrawal.filesets.joined(separator: ", ")
        logger.notice(
            "a session shows what its person may not see any more",
            metadata: [
                "session": "\(session.id)", "cluster": "\(session.cluster)", "person": "\(session.personName)",
                "filesets": "\(filesets)", "ends": "\(withdrawal.isEnding)",
            ])
        guard withdrawal.isEnding else { return }
        await audit.record(
            AuditAct(.stop, of: person, on: session.cluster, to: session.id, because: "lost the right to \(filesets)"))
    }

    /// Nil when nothing is shown without a right that its fileset minds.
    func withdrawal(of session: SessionRecord, for person: Person) -> Withdrawal? {
        let (policy, now) = (desk.policy, now())
        var lost = policy.withdrawn(from: session.plan, for: person, at: now).map { ($0.fileset, $0.revoke) }
        if let bucket = policy.withdrawnBucket(from: session.plan, for: person, at: now) {
            lost.append((bucket.fileset, bucket.revoke))
        }
        // As the policy says now; for a fileset that it has no more, as it said at the start.
        let minded = lost.map { fileset, before in (fileset, policy.filesets[fileset]?.revoke ?? before) }
        for revocation in [Plan.Revocation.stop, .notify] {
            let named = Set(minded.filter { $0.1 == revocation }.map(\.0))
            if !named.isEmpty { return Withdrawal(filesets: Array(named), isEnding: revocation == .stop) }
        }
        return nil
    }
}
