import OrreryCrypto
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

extension SessionDesk {
    /// Whether the same choices would give `person` another pod now: an image was updated, a right came, a size grew.
    func isOutdated(_ session: SessionRecord, for person: Person) -> Bool {
        let result = policy.plan(
            for: person, profile: session.profile, environment: session.environment, size: session.size,
            options: session.plan.options ?? [:], cluster: session.cluster, at: now(), running: 0)
        // What would be refused now is no reason to give up what runs.
        guard case .plan(let plan) = result else { return false }
        return !Self.hash(of: plan).utf8.elementsEqual(session.planHash.utf8)
    }

    static func hash(of plan: Plan) -> String { Digest.sha256.of(plan.canonicalJSON()).hexadecimal }

    /// Stops `session` and starts the same choices anew, once its pod is gone: two pods never share a home that only one may
    /// have. Throws, and leaves it alone, when the same would be refused now. Throws when it is not gone after its grace and a
    /// minute; it is then stopped, and can be started as usual.
    func restart(_ session: SessionRecord, by person: PersonRecord) async throws -> SessionRecord {
        var choice = Choice(
            profile: session.profile, environment: session.environment, size: session.size, cluster: session.cluster)
        choice.options = session.plan.options ?? [:]
        if session.state != .ended, session.state != .stopping {
            try await demand(choice, insteadOf: session, for: person)
            try await stop(session, by: person)
        }
        let patience = session.plan.life.grace + .seconds(60)
        let standing = try await spawner.standing(of: session.id, within: patience) { $0 == .ended }
        guard standing?.state == .ended else {
            throw HubError(
                .conflict, "\(title(of: session.cluster)) has not removed the session yet",
                next: "start it again when it is gone")
        }
        await scheduler.noteEnd(of: session.id)
        return try await start(choice, server: session.server, for: person)
    }

    /// Throws what stands against `choice` now, as if `session` were gone. That there is no room is nothing: its own is free then,
    /// unless somebody waits for that.
    private func demand(
        _ choice: Choice, insteadOf session: SessionRecord, for person: PersonRecord
    ) async throws {
        let others = try await store.active(person: person.id).filter { $0.id != session.id }
        var request = try await request(choice, for: person, running: others)
        request.ticket = session.id
        let placement = try await scheduler.look(request)
        switch placement.outcome {
        case .placed: return
        case .queued:
            guard await scheduler.isPlaceAwaited(of: session.id, on: session.cluster) else { return }
            throw HubError(
                .unavailable, "others wait for a place on \(title(of: session.cluster)), and would get this one",
                next: "restart it later, or save your work and stop it")
        case .refused(let refusals): throw await refusal(of: request, for: person, refusals, placement)
        }
    }

    /// Whether a person's server may be called that; "" is the default one.
    static func isServerName(_ name: String) -> Bool {
        name.isEmpty || name.wholeMatch(of: /[a-z]([a-z0-9-]{0,28}[a-z0-9])?/) != nil
    }
}
