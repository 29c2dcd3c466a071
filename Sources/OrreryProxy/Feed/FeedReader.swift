internal import OrreryLink
internal import OrreryModel
internal import OrreryWire

/// Understands one answer of a hub's feed, line by line. Decides and does nothing: no socket, no clock, no routes of its
/// own.
///
/// What is to be done is collected until `drain()`, so that many lines that came at once are one publish, and a snapshot
/// is nothing before its last line.
struct FeedReader {
    /// What is to be done, in this order.
    enum Step {
        case replaceAll([RouteSetting], FeedPosition)
        case apply([RouteChange], FeedPosition)
        case logouts([String], seconds: UInt64)
        case gate(JSON)
        /// All agents' keys of a snapshot.
        case agents([AgentEntry])
        case agent(AgentEntry)
        case strike(KeyID, reason: String)
        case tell(KeyID, ControlFrame)
        case peers([String], pins: [String])
        /// A snapshot has named no proxies.
        case noPeers
        /// Something the operator ought to know of; the feed goes on.
        case warning(String)

        /// Whether anything is different afterwards.
        var isChange: Bool { if case .warning = self { false } else { true } }
    }

    private enum Phase {
        case head
        case snapshot(FeedPosition)
        case changes(FeedPosition)
    }

    /// How many lines there were. A fault is in the last of them.
    private(set) var line = 0
    private let asked: FeedPosition?
    private let resolve: (Target) -> SocketAddress?
    private var phase = Phase.head
    private var steps: [Step] = []
    /// Of a snapshot that has not ended yet.
    private var settings: [RouteSetting] = []
    private var agents: [AgentEntry] = []
    private var hasNamedPeers = false
    private var changes: [RouteChange] = []
    private var hasMoved = false
    private var hasMetUnknown = false

    static let routeLimit = 500_000
    static let agentLimit = 20_000

    /// A reader of the answer to the question what there is after `position`; nil asked for everything. `resolve` gives
    /// the address of a target if that is known without waiting.
    init(after position: FeedPosition?, resolve: @escaping (Target) -> SocketAddress? = Target.literalAddress) {
        asked = position
        self.resolve = resolve
    }

    /// Whether the hub has begun to answer in the way of a feed.
    var hasBegun: Bool { if case .head = phase { false } else { true } }

    /// Takes one line. After a fault nothing more can be taken; what has not been drained is lost.
    mutating func take(_ bytes: [UInt8]) throws(FeedFault) {
        line += 1
        let line = try FeedLine(bytes)
        switch phase {
        case .head: try begin(line)
        case .snapshot(let position): try collect(line, position)
        case .changes(let position): try follow(line, position)
        }
    }

    /// What is to be done since the last time.
    mutating func drain() -> [Step] {
        if hasMoved, case .changes(let position) = phase { steps.append(.apply(changes, position)) }
        hasMoved = false
        changes = []
        defer { steps = [] }
        return steps
    }

    private mutating func begin(_ line: FeedLine) throws(FeedFault) {
        guard case .head(let position, let isSnapshot) = line.content else {
            throw .outOfPlace("a line before the head")
        }
        guard !isSnapshot else { return phase = .snapshot(position) }
        guard let asked, asked.epoch == position.epoch else { throw .outOfPlace("changes that nobody asked for") }
        guard asked.number == position.number else { throw .gap(expected: asked.number, found: position.number) }
        phase = .changes(position)
    }

    private mutating func collect(_ line: FeedLine, _ position: FeedPosition) throws(FeedFault) {
        switch line.content {
        case .set(let key, let route):
            guard settings.count < Self.routeLimit else { throw .tooManyRoutes(Self.routeLimit) }
            if let setting = setting(key, route) { settings.append(setting) }
        case .end(let number):
            guard number == position.number else { throw .gap(expected: position.number, found: number) }
            steps.append(.agents(agents))
            steps.append(.replaceAll(settings, position))
            if !hasNamedPeers { steps.append(.noPeers) }
            (settings, agents) = ([], [])
            phase = .changes(position)
        case .agent(let entry):
            guard agents.count < Self.agentLimit else { throw .tooManyAgents(Self.agentLimit) }
            agents.append(entry)
        case .remove, .head: throw .outOfPlace("a change within a snapshot")
        default: take(aside: line)
        }
    }

    private mutating func follow(_ line: FeedLine, _ position: FeedPosition) throws(FeedFault) {
        var position = position
        if let number = line.number {
            guard number == position.number + 1 else { throw .gap(expected: position.number + 1, found: number) }
            position.number = number
            phase = .changes(position)
            hasMoved = true
        }
        switch line.content {
        case .set, .remove:
            guard line.number != nil else { throw .outOfPlace("a change without its number") }
            take(change: line)
        case .head, .end: throw .outOfPlace("a second beginning")
        default: take(aside: line)
        }
    }

    private mutating func take(change line: FeedLine) {
        if case .remove(let text) = line.content, let key = RouteKey(text) { changes.append(.remove(key)) }
        guard case .set(let text, let route) = line.content else { return }
        if let setting = setting(text, route) {
            changes.append(.set(setting))
        } else if let key = RouteKey(text) {
            // What was there before is not what the hub wants any more.
            changes.append(.remove(key))
        }
    }

    /// Lines that may stand anywhere.
    private mutating func take(aside line: FeedLine) {
        switch line.content {
        case .logouts(let sessions, let seconds): steps.append(.logouts(sessions, seconds: seconds))
        case .gate(let keys): steps.append(.gate(keys))
        case .agent(let entry): steps.append(.agent(entry))
        case .strike(let key, let reason): steps.append(.strike(key, reason: reason))
        case .tell(let key, let frame): steps.append(.tell(key, frame))
        case .peers(let addresses, let pins):
            hasNamedPeers = true
            steps.append(.peers(addresses, pins: pins))
        case .unknown(let kind) where !hasMetUnknown:
            hasMetUnknown = true
            steps.append(.warning("line \(self.line) is of a kind that this version does not know: \(kind)"))
        default: break
        }
    }

    /// The route of a line; nil for one that this proxy cannot serve. That is no reason to follow none of the others.
    private mutating func setting(_ text: String, _ route: [String: JSON]) -> RouteSetting? {
        let key: RouteKey
        do throws(RouteKey.Fault) {
            key = try RouteKey(reading: text)
        } catch {
            steps.append(.warning("line \(line) is left out: \(error)"))
            return nil
        }
        do throws(RouteSetting.Fault) {
            return try RouteSetting(key, route, resolve: resolve)
        } catch {
            steps.append(.warning("line \(line): \(key.text) is left out: \(error)"))
            return nil
        }
    }
}
