import Foundation
import Logging
import OrreryCrypto
import OrreryLink
import OrreryModel
import OrreryStore
import Synchronization

/// Hears what agents say and answers them. Members are asked nothing but who they are; the rules of admission are for keys that
/// nobody knows.
struct AgentDesk: Sendable {
    let registry: ClusterRegistry
    let desk: ClusterDesk
    let verifier: EvidenceVerifier
    /// Where people type codes.
    let page: String
    let now: @Sendable () -> Date
    let logger: Logger
    let codes = ClaimCodes()
    let refusals = RefusedStrangers()

    /// What is answered to `message`. Throws only while the store does not answer: the proxy asks again then.
    func answer(_ message: AgentMessage) async throws -> AgentAnswer {
        let key = message.key.id
        switch message.frame.type {
        case "hello": return try await hello(message)
        case "gone":
            forget(message)
            return .nothing
        case "beat":
            if let refusal = try await refusal(ofWaiting: key) { return refusal }
            try await keepWaiting(key)
            hear(message) { link in
                link.roundTrip = message.frame["rtt"]?.number.flatMap { (0...3_600_000).contains($0) ? $0 : nil }
                link.note(skew: message.frame["skew"]?.integer.map { Double($0) })
                (link.idle, link.bound) = (message.frame["idle"]?.integer, message.frame["bound"]?.integer)
            }
            return .nothing
        case "drain":
            hear(message) { $0.isLeaving = true }
            return .nothing
        case "inventory":
            hear(message) { _ in }
            try await keep(message.frame, of: key)
            return .nothing
        case "rotate": return try await rotate(message)
        default: return .nothing
        }
    }

    /// Keeps by which keys agents know the proxies that have no certificate, for join strings.
    func learn(pins: [String]) async throws {
        let good = pins.filter { JoinString.pin($0) != nil }
        guard !good.isEmpty, codes.isNews(good, at: now()) else { return }
        try await registry.store.note(pins: good, at: now())
    }

    /// Who was refused since it said hello hears of it now, and not when it says hello again, which may be in an hour.
    private func refusal(ofWaiting key: String) async throws -> AgentAnswer? {
        guard registry.record(ofKey: key) == nil, let join = try await registry.store.join(key: key, at: now()),
            join.state == .denied
        else { return nil }
        return .denied(join.reason, retry: .seconds(3600))
    }

    /// Who waits to be let in waits for as long as it is connected.
    private func keepWaiting(_ key: String) async throws {
        guard registry.record(ofKey: key) == nil, codes.isLate(key, at: now()) else { return }
        let end = now() + ClusterDesk.patience.seconds
        guard try await registry.store.touch(join: key, at: now(), until: end) else { return }
        codes.prolong(key, until: end)
    }

    private func hear(_ message: AgentMessage, _ change: (inout AgentLinks.Link) -> Void) {
        registry.links.hear(
            proxy: message.proxy, connection: message.connection, key: message.key.id, address: message.address, change)
    }

    /// Where it was the last connection of the cluster's agents, the cluster is away since its last word.
    private func forget(_ message: AgentMessage) {
        let silence = min(max(0, message.frame["silent"]?.integer ?? 0), 60)
        registry.links.forget(
            proxy: message.proxy, connection: message.connection, key: message.key.id, silentFor: .seconds(silence),
            because: registry.record(ofKey: message.key.id) == nil ? nil : message.frame["reason"]?.string ?? "")
    }

    // MARK: Hello

    private func hello(_ message: AgentMessage) async throws -> AgentAnswer {
        let hello: AgentHello
        do { hello = try AgentHello(message.frame) } catch {
            return .denied("this hub does not understand that hello: \(error)", retry: .seconds(3600))
        }
        // What was decided a moment ago by a command counts already.
        await registry.refresh()
        guard let record = registry.record(ofKey: message.key.id) else {
            return try await stranger(hello, message)
        }
        guard record.isConnectable else {
            let membership = record.facets.membership
            return .denied(
                "\(record.name) is \(membership.value.rawValue): \(membership.reason)", retry: .seconds(3600))
        }
        guard record.keys.contains(where: { $0.id == message.key.id && $0.isGood(at: now()) }) else {
            return .denied("this key was replaced by a newer one of \(record.name)", retry: .seconds(3600))
        }
        guard record.uid?.isExactly(hello.cluster.uid) ?? false else { return try await clone(hello, message, record) }
        hear(message) { link in
            link.agent = hello.agent.text
            link.version = hello.version
        }
        if let place = Self.move(of: record, to: hello.cluster.namespaces) {
            try await registry.store.changeCluster(record.name) { $0.namespace = place }
        }
        return record.isKeyAwaited && isNewest(message.key.id, of: record)
            ? AgentAnswer(frames: [ControlFrame("rotate")]) : .nothing
    }

    /// Where sessions go from now on, when the site has none any more where they went; nil when they go on there.
    private static func move(of record: ClusterRecord, to namespaces: [String]) -> String? {
        namespaces.containsExactly(record.namespace) ? nil : namespaces.first
    }

    private func isNewest(_ key: String, of record: ClusterRecord) -> Bool { record.keys.last?.id == key }

    /// A known key at another cluster: copied, or stolen. The member is cordoned until somebody has looked.
    private func clone(_ hello: AgentHello, _ message: AgentMessage, _ record: ClusterRecord) async throws
        -> AgentAnswer
    {
        let reason =
            "its key came from another cluster too, at \(message.address) "
            + "(kube-system \(hello.cluster.uid), not \(record.uid ?? "known"))"
        logger.error(
            "an agent's key is in use at two clusters: the member takes no new sessions",
            metadata: [
                "cluster": "\(record.name)", "key": "\(message.key.id)", "address": "\(message.address)",
                "uid": "\(hello.cluster.uid)",
            ])
        let now = now()
        if record.facets.quarantine == nil {
            try await registry.store.changeCluster(record.name) {
                $0.facets.quarantine = Facet(
                    reason, by: FacetActor.hub, at: now, because: "a key belongs to one cluster")
            }
            await desk.audit.record(
                AuditAct(.clusterAlert, on: record.name, to: "key \(message.key.id)", because: reason))
            await registry.refresh()
        }
        return .denied(
            "this key belongs to another cluster, \(record.name); let this agent make a key of its own",
            retry: .seconds(3600))
    }

    // MARK: Inventory

    /// Stored when it is another one, apart from numbers that change by themselves.
    private func keep(_ frame: ControlFrame, of key: String) async throws {
        guard let record = registry.record(ofKey: key), record.isConnectable else { return }
        var inventory = frame.value
        for passing in ["type", "sessions"] { inventory[passing] = nil }
        let kept = inventory
        guard record.inventory != kept else { return }
        let now = now()
        let place = Self.move(of: record, to: AgentHello.Cluster.namespaces(frame["namespaces"]) ?? [])
        try await registry.store.changeCluster(record.name) { record in
            record.inventory = kept
            record.inventoryAt = now
            if let place { record.namespace = place }
        }
        if let place {
            logger.notice(
                "a site's sessions live in another namespace",
                metadata: ["cluster": "\(record.name)", "namespace": "\(place)"])
        }
        if record.isPaused != (kept["policy"]?["paused"]?.bool ?? false) {
            logger.notice(
                record.isPaused ? "a site goes on" : "a site has paused", metadata: ["cluster": "\(record.name)"])
        }
    }
}

/// The codes that were given out and can still be typed, so that an agent that says hello again gets the same. Forgotten at a
/// restart: then it gets another.
final class ClaimCodes: Sendable {
    private let codes = Mutex<[String: (code: UserCode, until: Date)]>([:])
    private let told = Mutex<(texts: [String], until: Date)>(([], .distantPast))
    private let touched = Mutex<[String: Date]>([:])

    func code(of key: String, at now: Date) -> UserCode? {
        codes.withLock { codes in codes[key].flatMap { now < $0.until ? $0.code : nil } }
    }

    /// Whether these were not told within the last hour.
    func isNews(_ texts: [String], at now: Date) -> Bool {
        told.withLock { told in
            guard told.texts != texts || now >= told.until else { return false }
            told = (texts, now + 3600)
            return true
        }
    }

    /// Whether the wish of this key is to be written again: once an hour.
    func isLate(_ key: String, at now: Date) -> Bool {
        touched.withLock { touched in
            if let at = touched[key], now < at + 3600 { return false }
            touched = touched.filter { now < $0.value + 3600 }
            touched[key] = now
            return true
        }
    }

    func prolong(_ key: String, until end: Date) {
        codes.withLock { codes in codes[key]?.until = end }
    }

    func keep(_ code: UserCode, of key: String, until end: Date, at now: Date) {
        codes.withLock { codes in
            codes = codes.filter { now < $0.value.until }
            codes[key] = (code, end)
        }
    }
}
