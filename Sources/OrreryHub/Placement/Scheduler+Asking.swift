import Foundation
import OrreryCrypto
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

// Those who ask.
extension Scheduler {
    /// What would become of a request now; nothing is taken.
    func look(_ request: PlacementRequest) async throws -> Placement {
        try await load()
        return place(request)
    }

    /// A session for the request: one that starts, or one that waits for room. The refusal is everything that is against it.
    func start(
        _ request: PlacementRequest, wish: SessionChoice, server: String, for person: PersonRecord
    ) async throws -> SchedulerAnswer {
        try await load()
        expire()
        var request = request
        if policy().profile(named: request.profile)?.limit.perUser != nil {
            // From here until it has its slot nothing is waited for: two that are asked for at once see each other.
            request.running = try await running(of: request.profile, person)
        }
        let placement = placeAtOnce(request)
        request.servers = Set(placement.servers)
        switch placement.outcome {
        case .placed(let plan): return .session(try await begin(plan, request, wish, server: server, for: person))
        case .queued(let plan, _):
            return .session(try await wait(plan, placement, request, wish, server: server, for: person))
        case .refused(let refusals): return .refused(refusals, placement)
        }
    }

    /// How many sessions of the profile the person has, with those whose rows are being written.
    private func running(of profile: String, _ person: PersonRecord) async throws -> Int {
        let stored = try await store.active(person: person.id)
        let unwritten = unstored.union(occupancy.unconfirmed).subtracting(stored.map(\.id)).compactMap { occupancy[$0] }
        return stored.count { $0.profile == profile }
            + unwritten.count { $0.person == person.person.name && $0.profile == profile }
    }

    /// Where a session stands; nil for one that does not wait.
    func queuePlace(of session: String) -> QueuePlace? {
        guard let number = order()[session] else { return nil }
        return QueuePlace(number: number, of: line.entries.count, why: obstacles[session] ?? [])
    }

    /// The place of each. Shares drift with time, but not within a second so that anybody would see it.
    private func order() -> [String: Int] {
        if let places, now().timeIntervalSince(places.at) < 1 { return places.order }
        let order = line.order(by: shares, at: now()).enumerated().map { ($1.id, $0 + 1) }
        let places = (at: now(), order: Dictionary(order) { first, _ in first })
        self.places = places
        return places.order
    }

    private func begin(
        _ plan: Plan, _ request: PlacementRequest, _ wish: SessionChoice, server: String, for person: PersonRecord
    ) async throws -> SessionRecord {
        let id = RecordID.fresh(at: now())
        reserve(id, request, plan)
        do {
            let text = plan.canonicalJSON()
            let session = try await spawner.start(
                plan: plan, planHash: Digest.sha256.of(text).hexadecimal,
                planText: String(decoding: text, as: UTF8.self),
                person: person, server: server,
                account: account(of: request), id: id, wish: wish)
            confirm(id, request, plan)
            return session
        } catch {
            release(id)
            throw error
        }
    }

    private func wait(
        _ plan: Plan, _ placement: Placement, _ request: PlacementRequest, _ wish: SessionChoice, server: String,
        for person: PersonRecord
    ) async throws -> SessionRecord {
        let id = RecordID.fresh(at: now())
        join(id, request, plan, placement, since: now())
        unstored.insert(id)
        do {
            let message = queuePlace(of: id)?.sentence ?? ""
            let session = try await spawner.enqueue(
                plan: plan, planHash: Self.hash(plan), person: person, server: server,
                account: account(of: request), id: id, wish: wish, message: message)
            unstored.remove(id)
            // A place may have become free while it was written, or its clusters may have changed.
            if let request = requests[id] { tell(place(request), to: id) }
            dispatch()
            return session
        } catch {
            unstored.remove(id)
            leave(id)
            throw error
        }
    }

    /// Takes the slot of a session that is about to start.
    func reserve(_ id: String, _ request: PlacementRequest, _ plan: Plan) {
        let account = account(of: request)
        let slot = Occupancy.Slot(
            person: request.person.name, account: account, profile: request.profile, need: Resources(plan.size),
            cluster: plan.cluster, isStarting: true)
        occupancy.reserve(slot, for: id, at: now())
        shares.take(slot.need, by: account, at: now())
        let isTrial = memories[plan.cluster, default: ClusterMemory()].breaker.started(at: now())
        starts[id] = Start(image: plan.environment.image, isTrial: isTrial, request: request)
        memories[plan.cluster, default: ClusterMemory()].quota.started(slot.need, at: now())
    }

    /// The session is stored. Its slot may have run out meanwhile, since the store was slow or the clock was set forward: what
    /// has not ended takes it again.
    func confirm(_ id: String, _ request: PlacementRequest, _ plan: Plan) {
        if occupancy[id] == nil, spawner.sessions().contains(where: { $0.id == id }) { reserve(id, request, plan) }
        occupancy.confirm(id)
    }

    /// Gives everything back that a session held, and lets others have it.
    func release(_ id: String) {
        let start = starts.removeValue(forKey: id)
        guard let slot = occupancy[id] else { return }
        if let cluster = slot.cluster, start?.isTrial == true { memories[cluster]?.breaker.gaveBack() }
        occupancy.release(id)
        if slot.cluster != nil { shares.giveBack(slot.need, by: slot.account, at: now()) }
        dispatch()
    }

    func expire() {
        for id in occupancy.reservationsOver(at: now()) { release(id) }
    }

    func join(_ id: String, _ request: PlacementRequest, _ plan: Plan, _ placement: Placement, since: Date) {
        var request = request
        request.ticket = id
        request.note(servers: placement.servers)
        // What was planned when it was asked for may be another size by now.
        let slot = slot(of: request, Resources((placement.plan ?? plan).size))
        requests[id] = request
        obstacles[id] = placement.obstacles
        occupancy.hold(slot, for: id)
        line.join(
            Waiting(
                id: id, account: slot.account, need: slot.need, since: since,
                clusters: placement.servers))
        places = nil
        announceSoon()
    }

    /// What a request holds while it waits.
    func slot(of request: PlacementRequest, _ need: Resources) -> Occupancy.Slot {
        Occupancy.Slot(
            person: request.person.name, account: account(of: request), profile: request.profile, need: need,
            cluster: nil, isStarting: false)
    }

    /// Takes a session out of the line.
    func leave(_ id: String) {
        line.leave(id)
        places = nil
        requests[id] = nil
        obstacles[id] = nil
        release(id)
        announceSoon()
    }
}

/// What becomes of a request.
enum SchedulerAnswer: Sendable {
    case session(SessionRecord)
    case refused([Refusal], Placement)
}
