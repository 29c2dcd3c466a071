import Logging
import OrreryKubernetes
import OrreryModel
import OrreryStore
import Synchronization

extension Session {
    /// Carries out `actions` and what follows from those that are answered at once. What is to be stored is in the store
    /// before anything happens outside, and, when `storingAll`, at the end.
    func perform(
        _ actions: [SessionAction], _ machine: inout StateMachine, _ hands: inout Hands,
        _ group: inout DiscardingTaskGroup, storingAll: Bool = true
    ) async throws {
        var rest = actions[...]
        while let action = rest.popFirst() {
            if let step = step(for: action, ending: machine.ending) {
                hands.take(step)
                continue
            }
            if action.reachesOut { try await store(&hands) }
            switch action {
            case .openRoute(let address): rest += machine.routed(await openRoute(to: address))
            case .closeRoute: _ = await closeRoute()
            case .wait(let limit, let duration):
                let generation = hands.renew(limit)
                scene.alarms.set(limit, of: record.id, after: duration) {
                    self.tell(.elapsed(limit, generation: generation))
                }
            case .forget(let limit):
                _ = hands.renew(limit)
                scene.alarms.forget(limit, of: record.id)
            case .create: call(&group) { await $0.make() }
            case .ask: call(&group) { .answered(await $0.scene.routes.answers($0.record.prefix)) }
            case .knock(let address): knock(at: address, &group)
            case .delete(let keepingLog): call(&group) { await $0.remove(keepingLog: keepingLog) }
            case .lookAgain(let whileAway): call(&group) { await $0.lookAgain(whileAway: whileAway) }
            case .cleanUp: call(&group) { await $0.cleanUp() }
            case .review: call(&group) { await $0.review() }
            case .enter, .say, .remark, .keepPod, .keepAddress, .warn, .finish, .giveBack: break
            }
        }
        if storingAll || machine.state == .ended || machine.isGivenBack || hands.unstored.count >= 16 {
            try await store(&hands)
        }
    }

    private func call(
        _ group: inout DiscardingTaskGroup, _ errand: @escaping @Sendable (Session) async -> Input
    ) {
        group.addTask {
            let answer = await errand(self)
            // A call that was cut off by our own end has no answer: the next start finds out.
            if !Task.isCancelled { self.tell(answer) }
        }
    }

    private func knock(at address: String, _ group: inout DiscardingTaskGroup) {
        guard cluster.access.hasPodsInReach else { return }
        call(&group) {
            .knocked(await $0.scene.routes.listens("http://\(address)", at: $0.record.prefix), address: address)
        }
    }

    private func openRoute(to address: String) async -> String? {
        let pod = memory.withLock { memory in
            memory.mayHaveRoute = true
            return memory.podUID
        }
        do {
            try await scene.routes.open(
                record.prefix, to: cluster.access.target(address, pod: pod), session: record.id,
                person: record.personName)
            return nil
        } catch {
            logger.warning("a route was not opened", metadata: ["error": "\(error)"])
            return "\(error)"
        }
    }

    /// Nil when the proxy has no route of ours any more.
    func closeRoute() async -> String? {
        guard memory.withLock({ $0.mayHaveRoute }) else { return nil }
        do {
            try await scene.routes.close(record.prefix)
            memory.withLock { $0.mayHaveRoute = false }
            return nil
        } catch {
            logger.warning("a route was not closed", metadata: ["error": "\(error)"])
            return "\(error)"
        }
    }
}

// What is stored.
extension Session {
    func wordsSaid() async -> [String] {
        if let said { return said }
        let events = (try? await scene.store.events(session: record.id, after: 0)) ?? []
        // What was said the last time is news when it happens again.
        let begin = events.lastIndex { $0.state == .queued } ?? events.startIndex
        return events[begin...].map(\.message)
    }

    /// What `action` stores; nil for one that does something.
    private func step(for action: SessionAction, ending: Ending?) -> SessionStep? {
        let now = scene.now()
        switch action {
        case .giveBack(let shortage, let sentence):
            memory.withLock { $0.shortage = shortage }
            let wish = wish ?? SessionChoice(record)
            logger.notice("a session waits for room again", metadata: ["why": "\(sentence)"])
            return .advance { session in
                session.state = .queued
                session.message = "\(sentence) \(shortage.isItsOwn ? "It is tried again." : "It waits for room.")"
                session.wish = wish
                // Its next pod is another one, perhaps on another cluster.
                session.podUID = nil
                session.address = nil
            }
        case .enter(let state, let sentence):
            let wish = wish
            if state == .ready { arrive(at: now) }
            logger.info(
                "a session changes its state",
                metadata: ["state": .string(state.rawValue), "sentence": .string(sentence)])
            return .advance { session in
                session.state = state
                session.message = sentence
                // The cluster may give the place back, also to a hub started meanwhile.
                if state == .creating, let wish { session.wish = wish }
                // The reason is stored when it is decided, so that a hub started meanwhile ends it for the same one.
                if state == .stopping { session.endReason = ending?.reason }
                if state == .ready, session.readyAt == nil { session.readyAt = now }
            }
        case .say(let sentence): return .advance { $0.message = sentence }
        case .warn(let warning):
            memory.withLock { $0.warning = warning }
            logger.notice("a session's warning changes", metadata: ["warning": "\(warning ?? "none")"])
            return .advance { $0.message = warning ?? "The warning is over: the session goes on." }
        case .remark(let sentence): return .note(.stopping, sentence)
        case .finish(let ending):
            logger.info("a session has ended", metadata: ["reason": .string(ending.reason.rawValue)])
            return .advance { $0.end(ending.reason, ending.sentence, at: now) }
        case .keepPod(let uid):
            memory.withLock { $0.podUID = uid }
            if uid != nil { scene.board.tell(.accepted(session: record.id)) }
            return .change { $0.podUID = uid }
        case .keepAddress(let address): return .change { $0.address = address }
        default: return nil
        }
    }

    private func store(_ hands: inout Hands) async throws {
        let steps = hands.unstored
        guard !steps.isEmpty else { return }
        let now = scene.now()
        try await persist { store in
            let events = try await store.keep(steps, of: self.record.id, at: now)
            self.noteStartOfLife(events)
            // Before it is published: whoever begins to watch looks here afterwards.
            if let last = events.last { self.memory.withLock { $0.standing = SessionStanding(last) } }
            for event in events { self.scene.board.publish(event) }
        }
        hands.stored()
    }

    /// Stores a text that belongs to the session's story but is not its newest sentence.
    func keepEvidence(_ text: String) async throws {
        let now = scene.now()
        try await persist { store in
            let event = try await store.appendEvent(
                session: self.record.id, at: now, state: .stopping, message: text)
            self.scene.board.publish(event)
        }
    }

    /// Tries until the store has it: nothing is done that was not stored before. Throws when the task is cancelled, or
    /// the store says that the session is not ours to change any more.
    private func persist(_ body: @Sendable (any SessionStore) async throws -> Void) async throws {
        var backoff = Backoff(first: .milliseconds(100), limit: .seconds(10))
        while true {
            do {
                return try await body(scene.store)
            } catch let error as StoreError where error.kind != .conflict && error.kind != .missing {
                try Task.checkCancellation()
                logger.error("the store does not take a session's state", metadata: ["error": "\(error)"])
                try await scene.time.sleep(backoff.next())
            }
        }
    }
}

extension SessionChoice {
    /// What `session` was given; it insists on no cluster.
    fileprivate init(_ session: SessionRecord) {
        self.init(
            profile: session.profile, environment: session.environment, size: session.size,
            options: session.plan.options ?? [:])
    }
}
