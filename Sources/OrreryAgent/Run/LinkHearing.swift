import Logging
import OrreryCrypto
import OrreryLink
import OrreryModel

/// Does what the hub and the proxies say, and says to the person at the terminal what they must know.
///
/// Concurrency: belongs to one task.
struct LinkHearing {
    let configuration: AgentConfiguration
    let relay: Relay
    let keeper: KeyKeeper
    let writer: HelloWriter
    let now: @Sendable () -> Int64
    /// One line for the person who started the agent.
    let say: @Sendable (String) -> Void
    let logger: Logger
    private var pins: ProxyPins
    private var peers: ProxyPeers
    private var lastReason: [ProxyPlace: String] = [:]
    private var lastCode = ""
    private var isKnown = false

    init(
        _ configuration: AgentConfiguration, _ relay: Relay, _ keeper: KeyKeeper, _ writer: HelloWriter,
        now: @escaping @Sendable () -> Int64, say: @escaping @Sendable (String) -> Void, logger: Logger
    ) {
        self.configuration = configuration
        self.relay = relay
        self.keeper = keeper
        self.writer = writer
        self.now = now
        self.say = say
        self.logger = logger
        pins = ProxyPins(configuration.join.pins)
        peers = ProxyPeers(ProxyPlace(host: configuration.join.host, port: configuration.join.port))
    }

    /// Hears one piece of news. True when there is something to tell the hub now: it has just said that it knows us.
    mutating func hear(_ news: LinkNews) async -> Bool {
        switch news {
        case .frame(let place, let frame):
            await hear(frame, from: place)
            return frame.type == "welcome"
        case .lost(let place, let reason): lost(place, reason)
        case .refused(let trace, let code, let say):
            logger.info(
                "a connection was refused",
                metadata: ["trace": "\(trace)", "code": "\(code.rawValue)", "reason": "\(say)"])
        case .drained: break
        case .renewed(let key): show(key)
        }
        return false
    }

    private mutating func hear(_ frame: ControlFrame, from place: ProxyPlace) async {
        switch frame.type {
        case "welcome": await welcome(frame, from: place)
        case "peers": await meet(frame, from: place)
        case "pending": pending(frame)
        case "denied", "revoke": refused(frame, by: place)
        case "drain": logger.notice("a proxy is leaving", metadata: ["proxy": "\(place)"])
        case "rotate": await rotate(place)
        case "rotated": await rotated(frame)
        default: break
        }
    }

    private mutating func welcome(_ frame: ControlFrame, from place: ProxyPlace) async {
        let name = frame["cluster"]?.string ?? "?"
        logger.notice("welcomed", metadata: ["cluster": "\(name)", "proxy": "\(place)"])
        if !isKnown { say("This cluster is a member of \(configuration.join.host) and is called \(name) there.") }
        isKnown = true
        lastReason[place] = nil
        writer.isWelcome()
        checkClock(frame["time"]?.integer)
        await meet(frame, from: place)
        await goOnRotating(place)
    }

    /// Dials other proxies that this one names; one that has just begun may know of none yet and names nobody, not even none.
    /// Their keys first: they may be other ones.
    private mutating func meet(_ frame: ControlFrame, from place: ProxyPlace) async {
        await learn(frame["pins"]?.array ?? [])
        guard let named = frame["peers"]?.array else { return }
        peers.hear(named.compactMap(\.string), from: place)
        relay.use(peers.all)
    }

    /// Other proxies may have other keys; the one that we believe has said which.
    private mutating func learn(_ texts: [JSON]) async {
        let named = texts.compactMap { $0.string.flatMap { JoinString.pin($0) } }
        guard pins.hear(named, at: now()) else { return }
        if let trust = try? LinkTrust(key: await keeper.current, pins: pins.all) { relay.believe(trust) }
    }

    private func checkClock(_ time: Int64?) {
        guard let time, let words = Self.difference(of: now(), from: time) else { return }
        logger.warning("this machine's clock is wrong, or the proxy's is", metadata: ["difference": "\(words)"])
        say("The clock of this machine is \(words) of the proxy's. Tokens and certificates need a clock that is right.")
    }

    /// How far a clock is from another, both in seconds: `90 s ahead`; nil when it is close enough. The other side may say any number.
    static func difference(of ours: Int64, from theirs: Int64) -> String? {
        let (ahead, isBeyond) = ours.subtractingReportingOverflow(theirs)
        guard !isBeyond else { return ours > theirs ? "centuries ahead" : "centuries behind" }
        guard ahead.magnitude > 60 else { return nil }
        return "\(ahead.magnitude) s \(ahead > 0 ? "ahead" : "behind")"
    }

    private mutating func pending(_ frame: ControlFrame) {
        let sentence = frame["say"]?.string ?? "The hub has not decided yet whether this cluster may join."
        let code = frame["code"]?.string ?? ""
        guard !code.utf8.elementsEqual(lastCode.utf8) || code.isEmpty else { return }
        lastCode = code
        logger.notice("waiting to be let in", metadata: ["reason": "\(sentence)"])
        guard !code.isEmpty else { return say(sentence) }
        say("To let this cluster in, open \(frame["page"]?.string ?? configuration.join.host) and type \(code)")
    }

    private mutating func refused(_ frame: ControlFrame, by place: ProxyPlace) {
        let reason = frame["reason"]?.string ?? "no reason was given"
        logger.error("the hub does not take this agent", metadata: ["proxy": "\(place)", "reason": "\(reason)"])
        guard lastReason[place] != reason else { return }
        lastReason[place] = reason
        say("\(configuration.join.host) does not take this cluster: \(reason)")
    }

    private mutating func lost(_ place: ProxyPlace, _ reason: String) {
        // Each attempt fails the same way for as long as nobody has mended it.
        let isNews = lastReason[place] != reason
        lastReason[place] = reason
        logger.log(
            level: isNews ? .warning : .debug, "no connection to a proxy; it is tried again",
            metadata: ["proxy": "\(place)", "reason": "\(reason)"])
        if isNews, !isKnown { say("No connection to \(place): \(reason)") }
    }

    // MARK: Keys

    private func rotate(_ place: ProxyPlace) async {
        do { relay.send(try await keeper.rotation(), to: place) } catch {
            logger.error("the key was not changed", metadata: ["error": "\(error)"])
        }
    }

    /// A change that is under way is said again: the hub may not have heard of it, or we not its answer, and then it counts
    /// the old key's last day.
    private func goOnRotating(_ place: ProxyPlace) async {
        do {
            guard let rotation = try await keeper.dueRotation(now()) else { return }
            relay.send(rotation, to: place)
        } catch { logger.warning("the key was not looked after", metadata: ["error": "\(error)"]) }
    }

    private func rotated(_ frame: ControlFrame) async {
        do {
            guard let key = try await keeper.rotated(to: frame["key"]?.string ?? "", now: now()) else { return }
            show(key)
        } catch { logger.error("the new key is not kept yet", metadata: ["error": "\(error)"]) }
    }

    /// Shows another key on all connections that are made from now on, to the proxies that are believed by now.
    private func show(_ key: AgentKey) {
        do throws(AgentError) {
            let trust = try LinkTrust(key: key, pins: pins.all, authorities: configuration.authorities)
            writer.show(key)
            relay.show(trust)
            logger.notice("another key is shown from now on", metadata: ["key": "\(key.id)"])
        } catch { logger.error("the new key is not shown yet", metadata: ["error": "\(error)"]) }
    }
}
