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
    let registry: ClusterRegistry
    let store: any SessionStore
    let persons: any PersonStore
    let spawner: Spawner
    let scheduler: Scheduler
    let audit: AuditLog
    let now: @Sendable () -> Date
    let logger: Logger

    /// The clusters as they are now.
    var clusters: [HubConfiguration.Cluster] { registry.clusters }

    /// The policy in force.
    var policy: Policy { policies.current }

    typealias Choice = SessionChoice

    /// A session for `person`, which starts or has a place in the queue; or everything that is against it.
    func start(_ choice: Choice, server: String = "", for person: PersonRecord) async throws -> SessionRecord {
        let live = try await store.active(person: person.id)
        if let session = live.first(where: { $0.server == server }) {
            throw conflict(with: session)
        }
        let request = try await request(choice, for: person, running: live)
        switch try await scheduler.start(request, wish: choice, server: server, for: person) {
        case .refused(let refusals, let placement):
            throw await refusal(of: request, for: person, refusals, placement)
        case .session(let session):
            // What waits is given nothing yet; where and with what it starts is written down then.
            if !session.isWaiting { await audit.record(acts(of: session, for: person)) }
            logger.notice(
                "session asked for",
                metadata: [
                    "session": "\(session.id)", "cluster": "\(session.cluster)", "person": "\(session.personName)",
                    "profile": "\(session.profile)", "waits": "\(session.isWaiting)",
                ])
            return session
        }
    }

    /// Why nothing starts where `session` is.
    private func conflict(with session: SessionRecord) -> HubError {
        let name = session.personName
        guard !session.isWaiting else {
            return HubError(
                .conflict, "\(name) waits in the queue already", next: "wait for that session, or stop it first")
        }
        let place = title(of: session.cluster)
        guard session.state != .stopping else {
            return HubError(
                .conflict, "\(name)'s session on \(place) is just being stopped", next: "try again in a moment")
        }
        return HubError(
            .conflict, "\(name) is already running on \(place)", next: "open that session, or stop it first")
    }

    /// What `choice` asks of the clusters, the defaults filled in.
    func request(
        _ choice: Choice, for person: PersonRecord, running: [SessionRecord]
    ) async throws -> PlacementRequest {
        guard !choice.isTooLong else { throw HubError(.unprocessable, "nothing here has a name as long as that") }
        guard let profile = choice.profile ?? defaultProfile(for: person.person) else {
            throw HubError(.unprocessable, "there is nothing here that you may start")
        }
        var request = PlacementRequest(person: person.person, profile: profile, choice)
        request.running = running.count { $0.profile == profile }
        request.past = try await store.places(person: person.id)
        return request
    }

    func refusal(
        of request: PlacementRequest, for person: PersonRecord, _ refusals: [Refusal], _ placement: Placement
    ) async -> HubError {
        logger.notice(
            "session refused",
            metadata: [
                "person": "\(person.person.name)", "profile": "\(request.profile)",
                "reasons": "\(refusals.map(\.description))",
            ])
        let reasons = refusals.map { "\($0.what): \($0.reason)" }.joined(separator: "; ")
        await audit.record(
            AuditAct(.spawnRefused, of: person, on: request.pin ?? "", to: request.profile, because: reasons))
        let kind: HubError.Kind =
            placement.quota != nil ? .forbidden : placement.isPassing ? .unavailable : .unprocessable
        return HubError(kind, reasons, next: refusals.compactMap(\.remedy).first)
    }

    /// Stops a session; its route is closed first. `grace` instead of the profile's is an administrator's to ask for.
    func stop(_ session: SessionRecord, by person: PersonRecord, grace: Duration? = nil) async throws {
        guard grace == nil || person.isAdmin else {
            throw HubError(.forbidden, "only administrators choose the grace of a stop", next: "stop it without")
        }
        try await spawner.stop(session.id, by: person.person.name, grace: grace)
        try await recordStop(of: session, by: person)
    }

    /// Writes a stop down; that of somebody else's session is on disk before it is answered.
    func recordStop(of session: SessionRecord, by person: PersonRecord) async throws {
        // The record of whoever owns it; a stop is not refused because that cannot be read now.
        let owner = session.person == person.id ? person : try? await persons.person(id: session.person)
        await audit.record(AuditAct(.stop, of: owner, by: person, on: session.cluster, to: session.id))
        if session.person != person.id { try await audit.settle() }
    }

    func acts(of session: SessionRecord, for person: PersonRecord) -> [AuditAct] {
        Self.acts(of: session, for: person, under: policy)
    }

    /// That it was started, and every sensitive fileset that it was given.
    static func acts(
        of session: SessionRecord, for person: PersonRecord, under policy: Policy
    ) -> [AuditAct] {
        let filesets = session.plan.mounts.map(\.fileset) + [session.plan.bucket?.fileset].compactMap(\.self)
        let given = Set(filesets).filter { policy.filesets[$0]?.isSensitive == true }
        return [
            AuditAct(.spawn, of: person, on: session.cluster, to: session.id, because: "profile \(session.profile)")
        ]
            + given.sorted().map { fileset in
                AuditAct(.grant, of: person, on: session.cluster, to: fileset, because: "session \(session.id)")
            }
    }

    func title(of cluster: String) -> String {
        clusters.first { $0.name == cluster }?.title ?? registry.record(cluster)?.title ?? cluster
    }

    func defaultProfile(for person: Person) -> String? {
        let allowed = policy.profiles(for: person).filter(\.isAllowed).map(\.profile)
        return (allowed.first { $0.isDefault } ?? allowed.first)?.name
    }
}
