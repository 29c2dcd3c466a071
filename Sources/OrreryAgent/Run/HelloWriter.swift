import FoundationEssentials
import OrreryCrypto
import OrreryKubernetes
import OrreryLink
import OrreryModel
import Synchronization

/// Writes what the agent says first, as things are at that moment.
///
/// Concurrency: asked by the relay's thread, changed by tasks.
final class HelloWriter: Sendable {
    private struct State {
        var key: AgentKey
        let cluster: AgentHello.Cluster
        /// A token admits once: it is not said again to a hub that knows us.
        var token: JoinToken?
    }

    private let agent: AgentID
    private let evidence: JoinEvidence
    private let namespaces: @Sendable () -> [String]
    private let now: @Sendable () -> Int64
    private let state: Mutex<State>

    /// `namespaces` is asked for each hello: the site may change its mind.
    init(
        _ agent: AgentID, _ configuration: AgentConfiguration, key: AgentKey, cluster: AgentHello.Cluster,
        namespaces: @escaping @Sendable () -> [String], now: @escaping @Sendable () -> Int64
    ) {
        self.agent = agent
        self.namespaces = namespaces
        self.now = now
        evidence = configuration.evidence
        state = Mutex(State(key: key, cluster: cluster, token: configuration.join.token))
    }

    func show(_ key: AgentKey) { state.withLock { $0.key = key } }
    func isWelcome() { state.withLock { $0.token = nil } }

    func hello(to place: ProxyPlace) -> AgentHello {
        let state = state.withLock { $0 }
        let time = now()
        var cluster = state.cluster
        cluster.namespaces = namespaces()
        var join = AgentHello.Join(token: state.token.map { Secret($0.reveal()) })
        join.oidc = evidence.oidc.flatMap(Self.text).map { Secret($0) }
        if let chain = evidence.chain.flatMap(Self.text), let key = evidence.chainKey.flatMap(Self.text),
            let proof = try? SiteChain.proof(
                privateKey: Array(key.utf8), host: place.host, key: state.key.id, time: time)
        {
            (join.chain, join.proof) = (chain, Base64.encode(proof))
        }
        return AgentHello(
            agent: agent, version: AgentService.version, time: time, host: place.host, cluster: cluster,
            join: join)
    }

    private static func text(_ file: String) -> String? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return String(text.reversed().drop(while: \.isWhitespace).reversed())
    }
}
