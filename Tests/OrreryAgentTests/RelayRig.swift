import Foundation
import Glibc
import OrreryCrypto
import OrreryKubernetes
import OrreryLink
import OrreryWire
import Synchronization
import Testing

@testable import OrreryAgent

/// A relay between a scripted proxy and servers of the test's own.
final class RelayRig {
    static let key = Result { try AgentKey.fresh() }

    let authority: TestAuthority
    let proxy: ScriptedProxy
    let relay: Relay
    let book = PodBook()
    let agent = AgentID.random()
    let news = News()
    let gate: String

    /// What the relay has told.
    final class News: Sendable {
        private let items = Mutex<[LinkNews]>([])
        func add(_ item: LinkNews) { items.withLock { $0.append(item) } }
        func all<Value>(_ pick: (LinkNews) -> Value?) -> [Value] { items.withLock { $0 }.compactMap(pick) }

        var reasons: [String] { all { if case .lost(_, let reason) = $0 { reason } else { nil } } }
        var frames: [ControlFrame] { all { if case .frame(_, let frame) = $0 { frame } else { nil } } }
        var isDrained: Bool { !all { if case .drained = $0 { true } else { nil } }.isEmpty }
    }

    init(
        pins: [[UInt8]] = [], authorities: String? = nil, httpProxy: HTTPProxy? = nil,
        _ change: (inout RelayLimits) -> Void = { _ in }
    ) throws {
        authority = try TestAuthority()
        try authority.issue("server", .init(names: "DNS:localhost,IP:127.0.0.1"))
        proxy = try ScriptedProxy(authority)
        gate = FileManager.default.temporaryDirectory.appending(path: "gate-\(agent)").path
        let trust = try LinkTrust(
            key: Self.key.get(), pins: pins, authorities: authorities ?? authority.authorities)
        let (book, agent, news) = (book, agent, news)
        var setting = RelaySetting(
            agent: agent, trust: trust, gate: gate,
            hello: { place in
                AgentHello(
                    agent: agent, version: "1", time: 0, host: place.host,
                    cluster: .init(uid: "u-1", kubernetes: "v1.31.0", namespaces: ["sessions"]))
            }, find: { book.place(uid: $0, port: $1) }, tell: { news.add($0) })
        setting.httpProxy = httpProxy
        // Who waits for the end of a refusal waits for this.
        setting.limits.farewell = .milliseconds(50)
        change(&setting.limits)
        relay = try Relay(setting)
    }

    /// Begins to dial.
    func start() { relay.use([ProxyPlace(host: "127.0.0.1", port: proxy.port)]) }

    /// Begins, and is welcomed.
    @discardableResult func join(idle: Int = 2) throws -> ProxyEnd {
        start()
        return try proxy.welcome(idle: idle)
    }

    /// Makes a pod known that declares these ports.
    func add(_ uid: String, address: String? = "127.0.0.1", ports: [UInt16], namespace: String = "sessions") {
        book.take(.changed(Self.pod(uid, address: address, ports: ports)), namespace: namespace)
    }

    static func pod(
        _ uid: String, address: String? = "127.0.0.1", ports: [UInt16], phase: String = "Running"
    ) -> PodPlace {
        let ports = ports.map { ContainerPort(name: "p\($0)", containerPort: Int($0)) }
        return PodPlace(
            metadata: ObjectMeta(name: "pod-\(uid)", uid: uid), spec: .init(containers: [.init(ports: ports)]),
            status: .init(phase: phase, podIP: address))
    }
}
