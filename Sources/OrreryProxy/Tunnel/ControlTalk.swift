internal import OrreryLink
internal import OrreryModel

/// What is said over one control connection, as a machine that decides and does nothing: no socket and no clock.
struct ControlTalk {
    enum Standing: Equatable {
        /// It has not said who it is.
        case silent
        /// A key that the book has not: the hub is asked.
        case stranger
        case welcomed(cluster: String)
    }

    enum Act: Equatable {
        case say(ControlFrame)
        /// Passed on to the hub.
        case post(ControlFrame)
        /// It is let in: its data connections are taken from now on.
        case admitted
        /// It leaves: nothing new for it.
        case leaving
        /// Said last what there was to say; the reason is the hub's to know.
        case close(String)
    }

    /// What the proxy says of itself to whoever is welcomed.
    struct Host {
        var proxy: String
        var pins: [String] = []
        /// The other proxies.
        var peers = AgentPeers.Names()

        fileprivate var names: [String: JSON] {
            var names = ["pins": JSON.array((pins + peers.pins.filter { !pins.contains($0) }).map(JSON.string))]
            if let addresses = peers.addresses { names["peers"] = .array(addresses.map(JSON.string)) }
            return names
        }
    }

    static let pingInterval: UInt64 = 10_000
    static let patience: UInt64 = 30_000
    static let helloLimit: UInt64 = 10_000
    /// How long a stranger waits on one connection; then it may dial anew, and say again what may have expired.
    static let waitLimit: UInt64 = 3_600_000
    /// Frames within ten seconds; nobody who means well says so many.
    static let rateLimit = 200

    let key: KeyID
    private(set) var standing = Standing.silent
    private(set) var hello: AgentHello?
    private(set) var isLeaving = false
    /// In milliseconds; nil before the first pong.
    private(set) var roundTrip: Double?
    /// How many seconds the agent's clock is ahead of ours. The hub cannot tell: words wait for it while it is away.
    private(set) var skew: Int64?
    /// For how many seconds nothing had come when it was given up for that; 0 before, and when it ends by itself.
    private(set) var silence: Int64 = 0
    private var host: Host
    private let began: UInt64
    private var lastHeard: UInt64
    private var nextPing: UInt64
    private var pings: Int64 = 0
    private var pingSaid: UInt64 = 0
    private var heardSincePing = 0

    init(key: KeyID, host: Host, at now: UInt64) {
        self.key = key
        self.host = host
        (began, lastHeard, nextPing) = (now, now, now + Self.pingInterval)
    }

    var agent: AgentID? { hello?.agent }
    var cluster: String? { if case .welcomed(let name) = standing { name } else { nil } }
    /// How long a frame may be.
    var frameLimit: Int { cluster == nil ? ControlFrame.strangerLimit : ControlFrame.limit }

    /// The agent has said something. `entry` is what the book has of its key.
    mutating func hear(_ frame: ControlFrame, entry: AgentEntry?, wall: UInt64, at now: UInt64) -> [Act] {
        lastHeard = now
        heardSincePing += 1
        guard heardSincePing <= Self.rateLimit else { return deny("too many frames at once", retry: 60) }
        if hello == nil { return greet(frame, entry, wall) }
        switch frame.type {
        case "pong":
            guard frame["number"]?.integer == pings, pings > 0 else { return [] }
            roundTrip = smoothed(Double(now - pingSaid))
            if let time = frame["time"]?.integer, AgentHello.times.contains(time) { note(time: time, wall) }
            return []
        case "drain":
            isLeaving = true
            return [.leaving]
        case "ping": return [.say(ControlFrame("pong", ["number": .integer(frame["number"]?.integer ?? 0)]))]
        // All else that goes to the hub is the proxy's own word, and nobody else may say it.
        case "inventory", "rotate": return cluster == nil ? [] : [.post(frame)]
        default: return []
        }
    }

    private mutating func note(time: Int64, _ wall: UInt64) { skew = time - Int64(wall / 1000) }

    private func smoothed(_ latest: Double) -> Double { roundTrip.map { $0 * 0.7 + latest * 0.3 } ?? latest }

    private mutating func greet(_ frame: ControlFrame, _ entry: AgentEntry?, _ wall: UInt64) -> [Act] {
        let hello: AgentHello
        do throws(LinkError) {
            hello = try AgentHello(frame)
        } catch {
            return deny("\(error)", retry: 60)
        }
        self.hello = hello
        note(time: hello.time, wall)
        standing = .stranger
        // Only what a hello may hold: letters of strangers are kept while the hub is away.
        return [.post(hello.frame)] + look(entry, wall: wall)
    }

    /// The book may say something else of the key than before.
    mutating func look(_ entry: AgentEntry?, wall: UInt64) -> [Act] {
        guard let hello, standing == .stranger, let entry else { return [] }
        guard hello.cluster.uid.isExactly(entry.uid) else {
            return deny(
                "this key belongs to another cluster than the one it came from; tell whoever runs the hub", retry: 600)
        }
        standing = .welcomed(cluster: entry.cluster)
        // The round trip is worth knowing before the first burst.
        nextPing = 0
        let members: [String: JSON] = [
            "cluster": .string(entry.cluster), "proxy": .string(host.proxy), "time": .integer(Int64(wall / 1000)),
        ]
        let welcome = ControlFrame("welcome", members.merging(host.names) { own, _ in own })
        return [.say(welcome), .admitted]
    }

    /// Other proxies have come or gone.
    mutating func meet(_ peers: AgentPeers.Names) -> [Act] {
        host.peers = peers
        return cluster == nil ? [] : [.say(ControlFrame("peers", host.names))]
    }

    /// The key is let in no more.
    mutating func strike(_ reason: String) -> [Act] {
        [.say(ControlFrame("revoke", ["reason": .string(reason)])), .close(reason)]
    }

    /// The hub has answered.
    func answered(_ frames: [ControlFrame], closes: Bool) -> [Act] {
        var acts = frames.filter(\.fits).map(Act.say)
        if let last = frames.last, closes || last.type == "denied" || last.type == "revoke" {
            acts.append(.close(last["reason"]?.string ?? "the hub has ended it"))
        } else if closes {
            acts.append(.close("the hub has ended it"))
        }
        return acts
    }

    /// Time has passed. `idle` and `bound` are how many data connections wait, and are in use.
    mutating func tick(idle: Int, bound: Int, at now: UInt64) -> [Act] {
        if hello == nil, now >= began + Self.helloLimit { return deny("no hello came", retry: 10) }
        if standing == .stranger, now >= began + Self.waitLimit {
            return deny("nobody has admitted this agent for an hour", retry: 10)
        }
        if now >= lastHeard + Self.patience {
            silence = Int64((now - lastHeard) / 1000)
            return [.close("it was silent for 30 seconds")]
        }
        guard now >= nextPing, hello != nil else { return [] }
        nextPing = now + Self.pingInterval
        pings += 1
        pingSaid = now
        heardSincePing = 0
        var beat: [String: JSON] = ["idle": .integer(Int64(idle)), "bound": .integer(Int64(bound))]
        beat["skew"] = skew.map { .integer($0) }
        beat["rtt"] = roundTrip.map { .integer(Int64($0.rounded())) }
        return [
            .say(ControlFrame("ping", ["number": .integer(pings)])), .post(ControlFrame("beat", beat)),
        ]
    }

    private mutating func deny(_ reason: String, retry: Int64) -> [Act] {
        [.say(ControlFrame("denied", ["reason": .string(reason), "retry": .integer(retry)])), .close(reason)]
    }
}
