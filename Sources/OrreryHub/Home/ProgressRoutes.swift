import HTTPTypes
import Hummingbird
import OrreryModel
import OrreryPolicy
import OrrerySpawn
import OrreryStore

/// The way of one session, as a page and as server-sent events for it.
struct ProgressRoutes: Sendable {
    let gate: Gate
    let desk: SessionDesk
    let sessions: any SessionStore

    func add(to router: Router<HubContext>) {
        router.get("hub/progress/:session", use: progress)
        router.get("hub/progress/:session/events", use: events)
    }

    @Sendable func progress(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else { return gate.login(returningTo: request.target) }
        let session = try await session(context, of: visitor)
        if session.wasStoppedByItsPerson || session.endReason == .finished { return .redirect(to: "/hub/home") }
        let past = try await sessions.events(session: session.id, after: 0)
        let place = session.isWaiting ? await desk.scheduler.queuePlace(of: session.id) : nil
        let next = try await destination(ReturnPath(request.fields["next"]), in: session)
        return .page(page(session, past, place, next: next, for: visitor).html())
    }

    /// Where the browser goes once `session` runs: to `next` if that is a path of it, and not of another server of its person.
    private func destination(_ next: ReturnPath?, in session: SessionRecord) async throws -> String {
        guard let next else { return session.prefix }
        let meant = try await ServerAddress(path: next.path).session(of: session.person, in: sessions)
        return meant?.prefix == session.prefix ? next.text : session.prefix
    }

    private func page(
        _ session: SessionRecord, _ past: [SessionEventRecord], _ place: QueuePlace?, next: String, for visitor: Visitor
    ) -> ProgressPage {
        let profile = desk.policy.profile(named: session.profile)?.title ?? session.profile
        let isOver = session.state == .ended
        let isReady = session.state == .ready || session.state == .unreachable
        let base = "/hub/progress/\(session.id)"
        return ProgressPage(
            frame: Frame(visitor), title: isOver || isReady ? profile : "Starting \(profile)",
            subtitle:
                "\(session.plan.environment.title) · \(session.size) · \(session.isWaiting ? "in the queue" : desk.title(of: session.cluster))",
            phases: phases(of: session, past),
            queue: place?.sentence, events: past.map { ProgressEvent($0) },
            eventsHref: isOver || isReady ? nil : "\(base)/events?after=\(past.last?.number ?? 0)", readyHref: next,
            cancelAction: session.state.isPending ? "/hub/stop/\(session.id)" : nil,
            failure: isOver ? failure(session, past) : nil, isReady: isReady)
    }

    /// A session that ran has gone the whole way, however it ended.
    private func phases(of session: SessionRecord, _ past: [SessionEventRecord]) -> [ProgressPhase] {
        guard session.state == .ended else { return ProgressPhase.all(at: session.state) }
        guard session.readyAt == nil else { return ProgressPhase.all(at: .ready) }
        return ProgressPhase.all(at: past.last { $0.state.isPending }?.state ?? session.state, failed: true)
    }

    private func failure(_ session: SessionRecord, _ past: [SessionEventRecord]) -> ProgressFailure {
        // What the spawner kept of the server's own output is an event of several lines under a heading.
        let output = past.last { $0.message.contains("\n") }?.message.split(separator: "\n", maxSplits: 1).last
        return ProgressFailure(
            title: session.readyAt == nil ? "It did not start" : "It ended", sentence: session.message.headline,
            log: output.map { String($0) }, retryHref: "/hub/home")
    }

    /// Resumes behind the event that the browser has seen last (`Last-Event-ID`), or that the page was made with.
    @Sendable func events(_ request: Request, _ context: HubContext) async throws -> Response {
        guard let visitor = try await gate.visitor(request) else {
            throw HubError(.forbidden, "nobody is logged in here any more", next: "log in again")
        }
        let session = try await session(context, of: visitor)
        let seen = request.headers[.lastEventID].flatMap { Int($0) } ?? request.fields["after"].flatMap { Int($0) } ?? 0
        let events = desk.spawner.progress(of: session.id, after: seen)
        return ServerSentEvents.response(of: events) { event in
            try ProgressEvent(event).serverSent()
        }
    }

    private func session(_ context: HubContext, of visitor: Visitor) async throws -> SessionRecord {
        let session = try await sessions.session(id: context.name("session"))
        guard let session, session.person == visitor.person.id || visitor.person.isAdmin else {
            throw HubError(.notFound, "there is no such session of yours")
        }
        return session
    }
}

extension ProgressEvent {
    /// The first line of what happened: kept output of the server has its own place on the page.
    fileprivate init(_ event: SessionEventRecord) {
        let line = event.message.prefix { $0 != "\n" }
        self.init(number: event.number, state: event.state, message: String(line), at: event.at)
    }
}
