import Foundation
import Logging
import OrreryCrypto
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

/// Where sessions are asked for and given up: by a person's click and by the API alike.
struct SessionDesk: Sendable {
    let policies: PolicyBook
    let clusters: [HubConfiguration.Cluster]
    let store: any SessionStore
    let persons: any PersonStore
    let spawner: Spawner
    let audit: AuditLog
    let now: @Sendable () -> Date
    let logger: Logger

    /// The policy in force.
    var policy: Policy { policies.current }

    typealias Choice = SessionChoice

    /// Starts a session for `person`, or says everything that is against it.
    func start(_ choice: Choice, server: String = "", for person: PersonRecord) async throws -> SessionRecord {
        let live = try await store.active(person: person.id)
        if let session = live.first(where: { $0.server == server }) {
            throw HubError(
                .conflict, "\(person.person.name) is already running on \(title(of: session.cluster))",
                next: "open that session, or stop it first")
        }
        let plan = try await plan(choice, for: person, running: live)
        let hash = Digest.sha256.of(try plan.canonicalJSON()).hexadecimal
        let session = try await spawner.start(plan: plan, planHash: hash, person: person, server: server)
        await audit.record(acts(of: session, for: person))
        logger.notice(
            "session asked for",
            metadata: [
                "session": "\(session.id)", "cluster": "\(session.cluster)", "person": "\(session.personName)",
                "profile": "\(session.profile)",
            ])
        return session
    }

    private func plan(
        _ choice: Choice, for person: PersonRecord, running: [SessionRecord]
    ) async throws(HubError) -> Plan {
        guard !choice.isTooLong else { throw HubError(.unprocessable, "nothing here has a name as long as that") }
        let profile = choice.profile ?? defaultProfile(for: person.person)
        guard let profile, let cluster = choice.cluster ?? defaultCluster else {
            throw HubError(.unprocessable, "there is nothing here that you may start")
        }
        let result = policy.plan(
            for: person.person, profile: profile, environment: choice.environment, size: choice.size,
            options: choice.options, cluster: cluster, at: now(), running: running.count { $0.profile == profile })
        switch result {
        case .plan(let plan):
            return plan
        case .refused(let refusals):
            logger.notice(
                "session refused",
                metadata: [
                    "person": "\(person.person.name)", "cluster": "\(cluster)", "profile": "\(profile)",
                    "reasons": "\(refusals.map(\.description))",
                ])
            let reasons = refusals.map { "\($0.what): \($0.reason)" }.joined(separator: "; ")
            await audit.record(AuditAct(.spawnRefused, of: person, on: cluster, to: profile, because: reasons))
            throw HubError(
                .unprocessable, reasons,
                next: refusals.compactMap(\.remedy).first)
        }
    }

    /// Stops a session; its route is closed first.
    func stop(_ session: SessionRecord, by person: PersonRecord) async throws {
        try await spawner.stop(session.id, by: person.person.name)
        try await recordStop(of: session, by: person)
    }

    /// Writes a stop down; that of somebody else's session is on disk before it is answered.
    func recordStop(of session: SessionRecord, by person: PersonRecord) async throws {
        // The record of whoever owns it; a stop is not refused because that cannot be read now.
        let owner = session.person == person.id ? person : try? await persons.person(id: session.person)
        await audit.record(AuditAct(.stop, of: owner, by: person, on: session.cluster, to: session.id))
        if session.person != person.id { try await audit.settle() }
    }

    /// That it was started, and every sensitive fileset that it was given.
    func acts(of session: SessionRecord, for person: PersonRecord) -> [AuditAct] {
        let filesets = session.plan.mounts.map(\.fileset) + [session.plan.bucket?.fileset].compactMap(\.self)
        let given = Set(filesets).filter { policy.filesets[$0]?.isSensitive == true }
        return [
            AuditAct(.spawn, of: person, on: session.cluster, to: session.id, because: "profile \(session.profile)")
        ]
            + given.sorted().map { fileset in
                AuditAct(.grant, of: person, on: session.cluster, to: fileset, because: "session \(session.id)")
            }
    }

    /// The session once it is ready or over, at the latest after `time` as it is then.
    func settled(
        _ session: SessionRecord, within time: Duration, until isDone: @escaping @Sendable (SessionState) -> Bool
    )
        async throws -> SessionRecord
    {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in self.spawner.progress(of: session.id, after: 0) where isDone(event.state) { return }
            }
            group.addTask { try? await Task.sleep(for: time) }
            await group.next()
            group.cancelAll()
        }
        return try await store.session(id: session.id) ?? session
    }

    func title(of cluster: String) -> String { clusters.first { $0.name == cluster }?.title ?? cluster }

    func defaultProfile(for person: Person) -> String? {
        let allowed = policy.profiles(for: person).filter(\.isAllowed).map(\.profile)
        return (allowed.first { $0.isDefault } ?? allowed.first)?.name
    }

    /// The first that answers, else the first.
    private var defaultCluster: String? {
        (clusters.first { spawner.condition(of: $0.name) == .ready } ?? clusters.first)?.name
    }
}
