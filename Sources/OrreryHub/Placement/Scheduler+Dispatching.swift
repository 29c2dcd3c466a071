import Foundation
import Logging
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

// Those who wait.
extension Scheduler {
    /// Gives every place that is free to whose turn it is.
    func dispatch() {
        expire()
        while let (id, plan) = next() {
            guard let request = requests[id] else { return }
            line.leave(id)
            places = nil
            requests[id] = nil
            obstacles[id] = nil
            reserve(id, request, plan)
            errands.put(.admit(id, request, cluster: plan.cluster))
            announceSoon()
        }
    }

    /// Clusters have come or gone, something was decided about one, or a newer policy is in force: who waits may have other
    /// clusters before them than when they came.
    func clustersChanged() {
        shares.total = clusters().map(\.facts).totalCapacity
        let facts = facts()
        for waiting in line.entries {
            guard let request = requests[waiting.id] else { continue }
            let placement = place(request, on: facts)
            let slot = slot(of: request, placement.plan.map { Resources($0.size) } ?? waiting.need)
            line.turn(waiting.id, to: placement.servers, for: slot.account, taking: slot.need)
            occupancy.hold(slot, for: waiting.id)
            if !unstored.contains(waiting.id) { tell(placement, to: waiting.id) }
        }
        dispatch()
    }

    /// The first in order whom a place can be given, and their plan there.
    private func next() -> (id: String, plan: Plan)? {
        guard !line.entries.isEmpty else { return nil }
        let facts = Dictionary(facts().map { ($0.name, $0) }) { first, _ in first }
        // Nearly always nobody fits; finding that out costs no order and no plan.
        guard line.entries.contains(where: { mayFit($0, facts) }) else { return nil }
        for waiting in line.order(by: shares, at: now()) where mayFit(waiting, facts) {
            guard let request = requests[waiting.id] else { continue }
            let placement = place(request)
            if case .placed(let plan) = placement.outcome { return (waiting.id, plan) }
            tell(placement, to: waiting.id)
        }
        return nil
    }

    /// What keeps it from starting; who can start nowhere any more has to go.
    func tell(_ placement: Placement, to id: String) {
        obstacles[id] = placement.obstacles
        requests[id]?.note(servers: placement.servers)
        guard case .refused(let refusals) = placement.outcome, placement.isOver else { return }
        line.leave(id)
        places = nil
        errands.put(.dismiss(id, refusals.map(\.description).joined(separator: "; ")))
    }

    /// Whether somebody in the line could have the place of `session` on `cluster` if it were given up.
    func isPlaceAwaited(of session: String, on cluster: String) -> Bool {
        guard let facts = facts(without: session).first(where: { $0.name.isExactly(cluster) }) else { return false }
        var occupancy = self.occupancy
        occupancy.release(session)
        return line.entries.contains { waiting in
            facts.hasRoom(for: waiting.need, of: waiting.id, at: now())
                && !open(to: waiting, among: [facts], beside: occupancy).isEmpty
        }
    }

    /// Where nothing but room keeps `waiting` from starting beside what `occupancy` holds, the best first.
    func open(to waiting: Waiting, among facts: [ClusterFacts], beside occupancy: Occupancy) -> [String] {
        guard let request = requests[waiting.id] else { return [] }
        let (policy, now) = (policy(), now())
        let site = SiteFacts(
            occupancy, for: request.person, account: account(of: request), profile: request.profile,
            asking: request.ticket)
        return waiting.clusters.filter { name in
            facts.contains {
                $0.name.isExactly(name)
                    && policy.wantsRoomAlone(request, taking: waiting.need, on: $0, of: site, at: now)
            }
        }
    }

    private func mayFit(_ waiting: Waiting, _ facts: [String: ClusterFacts]) -> Bool {
        guard !unstored.contains(waiting.id) else { return false }
        let roomy = waiting.clusters.compactMap { facts[$0] }.filter {
            $0.hasRoom(for: waiting.need, of: waiting.id, at: now())
        }
        return !roomy.isEmpty && !open(to: waiting, among: roomy, beside: occupancy).isEmpty
    }

    /// Lets a session begin whose place is reserved; keeps at it while the store does not answer.
    func admit(_ id: String, _ request: PlacementRequest, on cluster: String) async {
        occupancy.confirm(id)
        await patiently("a session has to wait on", about: id) {
            do { try await admitOnce(id, request, on: cluster) } catch let error as SpawnError {
                guard error.kind == .unknownCluster else { throw error }
                await dismiss(id, because: error.sentence)
            }
        }
    }

    /// Who it is for may have changed while it waited, and what they may have.
    private func admitOnce(_ id: String, _ request: PlacementRequest, on cluster: String) async throws {
        guard let session = try await store.session(id: id), session.isWaiting,
            let person = try await persons.person(id: session.person)
        else { return release(id) }
        let request = request.asked(by: person.person)
        starts[id]?.request = request
        let result = policy().plan(
            for: person.person, profile: request.profile, environment: request.environment, size: request.size,
            options: request.options, cluster: cluster, at: now())
        switch result {
        case .refused(let refusals):
            await dismiss(id, because: refusals.map(\.description).joined(separator: "; "))
        case .plan where place(request).verdict(on: cluster)?.isForThePerson == false:
            await goBack(session, request)
        case .plan(let plan):
            guard let admitted = try await spawner.admit(id, plan: plan, planHash: Self.hash(plan)) else {
                return release(id)
            }
            await self.admitted(admitted, person)
            logger.info("a session has left the queue", metadata: ["session": "\(id)", "cluster": "\(cluster)"])
        }
    }

    /// The place that it was given is on a cluster that does not take its person any more.
    private func goBack(_ session: SessionRecord, _ request: PlacementRequest) async {
        // Nobody else may take the place in line meanwhile.
        unstored.insert(session.id)
        release(session.id)
        let placement = place(request)
        join(session.id, request, session.plan, placement, since: session.createdAt)
        unstored.remove(session.id)
        if placement.isOver, case .refused(let refusals) = placement.outcome {
            return await dismiss(session.id, because: refusals.map(\.description).joined(separator: "; "))
        }
        dispatch()
    }

    func dismiss(_ id: String, because reason: String) async {
        await end(id, saying: "It cannot start any more: \(reason).")
    }

    /// Ends a session that waits; keeps at it while the store does not answer.
    func end(_ id: String, saying sentence: String) async {
        await patiently("a session could not be ended", about: id) {
            try await spawner.dismiss(id, because: sentence)
        }
        leave(id)
    }

    /// Does `attempt` until it no longer throws, after growing pauses; every failure is logged with `words`.
    func patiently(_ words: Logger.Message, about id: String? = nil, _ attempt: () async throws -> Void) async {
        var wait = Duration.milliseconds(100)
        while true {
            do { return try await attempt() } catch {
                logger.warning(words, metadata: ["session": "\(id ?? "all")", "error": "\(error)"])
                guard (try? await Task.sleep(for: wait)) != nil else { return }
                wait = min(wait * 2, .seconds(10))
            }
        }
    }

    func announceSoon() {
        guard !isAnnouncing, !line.entries.isEmpty else { return }
        isAnnouncing = true
        errands.put(.announce)
    }

    /// Tells those who watch where they stand.
    func announce() {
        isAnnouncing = false
        let order = line.order(by: shares, at: now())
        for (index, waiting) in order.enumerated() where spawner.isWatched(waiting.id) {
            let place = QueuePlace(number: index + 1, of: order.count, why: obstacles[waiting.id] ?? [])
            spawner.note(place.sentence, about: waiting.id)
        }
    }
}

extension ClusterFacts {
    /// Whether a place there is free, as far as it can be said without knowing who asks.
    func hasRoom(for need: Resources, of ticket: String, at now: Date) -> Bool {
        isAnswering && starting < startsAtOnce ?? .max && (nextIs == nil || nextIs == ticket)
            && capacity.keeping(free: headroom).fits(need, beside: held)
            && quota.obstacle(to: need, under: capacity, at: now) == nil
    }
}
