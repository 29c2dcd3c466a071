import Foundation
import OrreryCrypto
import OrreryLink
import OrreryModel
import Testing

@testable import OrreryProxy

/// A proxy with a state directory that follows a played hub, and keys of agents.
final class TunnelRig {
    let hub: PlayedHub
    let directory = FileManager.default.temporaryDirectory.appending(path: "orrery-tunnel-\(UUID().uuidString)").path
    let key: AgentKey
    private(set) var proxy: RunningProxy?
    private let change: (inout ProxyConfiguration) -> Void
    private var number = 1

    init(_ change: @escaping (inout ProxyConfiguration) -> Void = { _ in }) throws {
        hub = try PlayedHub()
        key = try AgentKey.fresh()
        self.change = change
        try start()
    }

    deinit {
        proxy = nil
        try? FileManager.default.removeItem(atPath: directory)
    }

    var port: UInt16 { proxy?.server.port ?? 0 }
    var id: String { key.id }

    func start() throws {
        let access = try #require(HubAccess(url: hub.url, token: Secret("sesame")))
        proxy = try RunningProxy { configuration in
            configuration.hub = access
            configuration.stateDirectory = directory
            configuration.inner = .init(host: "127.0.0.1", port: 0)
            // Longer than a client of the tests waits, so that no request fails because the machine is slow.
            (configuration.limits.dialBack, configuration.limits.connect) = (.seconds(600), .seconds(600))
            change(&configuration)
        }
    }

    func stop() { proxy = nil }

    /// Says the first snapshot: this cluster's key and routes to two of its pods.
    func begin(agents: [String]? = nil) throws {
        _ = try hub.question(1)
        let lines = agents ?? [line(id)]
        try hub.say(
            ([#"{"epoch":"e","number":1,"snapshot":true}"#] + lines + [
                Self.route("/a", "cluster:south/pod-a:8888"), Self.route("/b", "cluster:south/pod-b:8888"),
                #"{"end":1}"#,
            ]).joined(separator: "\n"))
        try #require(eventually { proxy?.server.prefixes == ["/", "/a", "/b"] })
    }

    func line(_ key: String, uid: String = "uid-south") -> String {
        #"{"agent":"\#(key)","cluster":"south","uid":"\#(uid)"}"#
    }

    private static func route(_ key: String, _ target: String) -> String {
        #"{"set":"\#(key)","route":{"target":"\#(target)"}}"#
    }

    /// Says a change: the members of an object without its braces and number.
    func say(_ members: String) throws {
        number += 1
        try hub.say("{\(members),\"number\":\(number)}")
    }

    /// An agent of this rig's key, once it is welcome.
    func agent(
        _ manner: PlayedAgent.Manner = .init(),
        serve: @escaping @Sendable (Handoff, PlayedAgent.Data) -> Void = { _, data in data.serveHTTP() }
    ) throws -> PlayedAgent {
        let agent = try PlayedAgent(port: port, key: key, manner, serve: serve)
        try #require(eventually { agent.heard.frames.contains { $0.type == "welcome" } })
        return agent
    }

    func client() throws -> Stream { try Stream(port: port) }

    func get(_ path: String) throws -> (head: String, body: String) {
        let client = try client()
        client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
        return client.answer()
    }

    /// Asks the inner port.
    func ask(_ path: String, token: String = "sesame", method: String = "GET") throws -> (head: String, body: String) {
        let client = try Stream(port: try #require(proxy?.server.innerPort))
        client.send("\(method) \(path) HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \(token)\r\n\r\n")
        return client.answer()
    }
}
