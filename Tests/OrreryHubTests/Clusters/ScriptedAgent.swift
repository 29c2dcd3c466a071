import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryLink
import OrreryModel
import OrreryStore
import Testing

@testable import OrreryHub

/// An agent as a proxy brings it to the hub.
struct ScriptedAgent: Sendable {
    let hub: TestHub
    var key: AgentKey
    var uid = "0e1c-4d"
    var name: String? = "south"
    var connection: Int64 = 7
    var proxy = "p1"
    var join: JSON?

    init(_ hub: TestHub, token: String? = nil) throws {
        self.hub = hub
        key = try AgentKey.fresh()
        join = token.map { ["token": .string($0)] }
    }

    struct Reply: Sendable {
        let frames: [JSON]
        let isClosed: Bool

        func frame(_ type: String) -> JSON? { frames.first { $0["type"]?.string == type } }
    }

    /// What its proxy posts when the agent says `frame`.
    func message(_ frame: JSON) -> JSON {
        let said: JSON = [
            "connection": .integer(connection), "key": .string(key.id), "address": "192.0.2.7", "frame": frame,
            "spki": .string(Data(key.publicKey.info).base64EncodedString()),
        ]
        return ["proxy": .string(proxy), "frames": [said]]
    }

    @discardableResult
    func say(_ frame: JSON) async throws -> Reply {
        let answer = try await hub.send(
            "POST", "/api/v1/proxy/agents", headers: [("Authorization", "Bearer \(TestHub.proxyToken)")],
            body: String(decoding: try JSONEncoder().encode(message(frame)), as: UTF8.self))
        #expect(answer.status == 200, "\(answer.text)")
        let first = try #require(answer.json?["answers"]?.array?.first)
        #expect(first["connection"]?.integer == connection)
        return Reply(frames: first["frames"]?.array ?? [], isClosed: first["close"]?.bool ?? false)
    }

    var greeting: JSON {
        var cluster: JSON = ["uid": .string(uid), "kubernetes": "v1.36.0", "namespaces": ["hub"]]
        cluster["name"] = name.map { .string($0) }
        var frame: JSON = [
            "type": "hello", "protocol": 1, "agent": "0123456789abcdef", "version": "1.0",
            "time": .integer(Int64(hub.clock.now.timeIntervalSince1970.rounded())), "host": "hub.test",
            "cluster": cluster,
        ]
        frame["join"] = join
        return frame
    }

    @discardableResult
    func hello() async throws -> Reply { try await say(greeting) }

    /// What the hub has of its cluster.
    func record() -> ClusterRecord? { hub.services.registry.record(ofKey: key.id) }
}

extension TestHub {
    /// A join token for a cluster of the group `atlas`.
    func invite(name: String? = nil) async throws -> String {
        try await services.clusterDesk.invite(InviteWish(owner: "atlas", name: name), by: .operator).token.reveal()
    }

    /// A member of the group `atlas` that came with a token.
    func member(_ name: String = "west") async throws -> ScriptedAgent {
        var agent = try ScriptedAgent(self, token: try await invite())
        (agent.name, agent.uid) = (name, "uid-of-\(name)")
        try await agent.hello()
        return agent
    }

    /// What somebody at this machine wants of a cluster; the hub has noticed it then.
    func order(_ order: ClusterOrder, of cluster: String, because reason: String = "") async throws {
        try await services.clusterDesk.order(order, of: cluster, by: .operator, because: reason)
        await services.registry.refresh()
    }
}
