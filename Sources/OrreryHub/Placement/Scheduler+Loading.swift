import Foundation
import Logging
import OrreryModel
import OrreryPolicy
import OrreryStore

// What the store knows.
extension Scheduler {
    /// Reads what is held and who waits, once; whoever asks meanwhile waits for it.
    func load() async throws {
        let task = loading ?? Task { try await self.read() }
        loading = task
        do { try await task.value } catch {
            // Whoever was told first may read again already.
            if loading == task { loading = nil }
            throw error
        }
    }

    func loadPatiently() async {
        await patiently("the sessions cannot be read") { try await load() }
    }

    private func read() async throws {
        let memory = FairShare.halfLife * 5
        let past = try await store.ended(since: now() - memory)
        let active = try await store.allActive()
        var waiting: [(SessionRecord, PlacementRequest)] = []
        for session in active where session.isWaiting {
            if let request = try await request(of: session) { waiting.append((session, request)) }
        }
        // Nothing is counted before all is read: what fails is read again.
        for session in past { remember(session) }
        for session in active where !session.isWaiting { count(session) }
        for (session, request) in waiting {
            let placement = place(request)
            join(session.id, request, session.plan, placement, since: session.createdAt)
            tell(placement, to: session.id)
        }
    }

    private func remember(_ session: SessionRecord) {
        guard let ready = session.readyAt, let end = session.endedAt else { return }
        shares.remember(Resources(session.plan.size), by: session.account, from: ready, to: end, at: now())
        memories[session.cluster, default: ClusterMemory()].knows(image: session.plan.environment.image)
    }

    private func count(_ session: SessionRecord) {
        let slot = Occupancy.Slot(
            person: session.personName, account: session.account, profile: session.profile,
            need: Resources(session.plan.size), cluster: session.cluster, isStarting: session.state.isPending)
        if let ready = session.readyAt {
            shares.remember(slot.need, by: slot.account, from: ready, to: now(), at: now())
            memories[session.cluster, default: ClusterMemory()].knows(image: session.plan.environment.image)
        } else if slot.isStarting {
            starts[session.id] = Start(phase: session.state, image: session.plan.environment.image)
        }
        occupancy.hold(slot, for: session.id)
        shares.take(slot.need, by: slot.account, at: now())
    }

    /// What a session that waits asks for, as its person is now; nil where there is no such person.
    func request(of session: SessionRecord) async throws -> PlacementRequest? {
        guard let wish = session.wish, let person = try await persons.person(id: session.person) else { return nil }
        var request = PlacementRequest(person: person.person, profile: session.profile, wish)
        request.past = try await store.places(person: session.person)
        request.ticket = session.id
        return request
    }
}

extension PlacementRequest {
    init(person: Person, profile: String, _ choice: SessionChoice) {
        self.init(
            person: person, profile: profile, environment: choice.environment, size: choice.size,
            options: choice.options, pin: choice.cluster)
    }
}
