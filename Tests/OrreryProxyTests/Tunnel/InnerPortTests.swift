import OrreryLink
import Testing

@testable import OrreryProxy

/// The hub's way to the APIs of clusters.
struct InnerPortTests {
    @Test func aPathGoesToItsClustersAPIWithoutTheHubsToken() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent { _, data in
            data.send(.accepted)
            while true {
                let head = data.receive(through: "\r\n\r\n")
                guard head.hasSuffix("\r\n\r\n") else { return }
                data.stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)")
            }
        }
        let (head, body) = try rig.ask("/south/api/v1/namespaces/a/pods?watch=1")
        #expect(head.hasPrefix("HTTP/1.1 200 "))
        #expect(body.hasPrefix("GET /api/v1/namespaces/a/pods?watch=1 HTTP/1.1\r\n"))
        #expect(!body.lowercased().contains("authorization") && !body.contains("sesame"))
        #expect(!body.lowercased().contains("x-forwarded"))
        #expect(agent.heard.handoffs.map(\.target) == [.api])
        #expect(try rig.ask("/south").body.hasPrefix("GET / HTTP/1.1\r\n"))
    }

    @Test(arguments: ["", "other", "sesam", "sesame2"])
    func anotherTokenIs401(_ token: String) throws {
        let rig = try TunnelRig()
        try rig.begin()
        _ = try rig.agent()
        #expect(try rig.ask("/south/api", token: token).head.hasPrefix("HTTP/1.1 401 "))
    }

    @Test(arguments: ["/north/api", "/", "/southern", "/south%2fapi", "//south/api", "/%73outh/api"])
    func anUnknownClusterIsNamedSo(_ path: String) throws {
        let rig = try TunnelRig()
        try rig.begin()
        let head = try rig.ask(path).head
        #expect(head.hasPrefix("HTTP/1.1 404 ") && head.contains("\r\nOrrery-Tunnel: unknown\r\n"))
    }

    @Test func aClusterWithoutConnectionIsAway() throws {
        let rig = try TunnelRig { $0.limits.dialBack = .zero }
        try rig.begin()
        let head = try rig.ask("/south/api").head
        #expect(head.hasPrefix("HTTP/1.1 503 ") && head.contains("\r\nOrrery-Tunnel: away\r\n"))
    }

    @Test(arguments: [[], Array("no hand-off".utf8)])
    func anAgentThatGivesNoAnswerIsNamedSoAndNotItsCluster(_ says: [UInt8]) throws {
        // Silence ends by time, and a wrong word by itself.
        let rig = try TunnelRig { $0.limits.connect = says.isEmpty ? .milliseconds(100) : .seconds(600) }
        try rig.begin()
        _ = try rig.agent { _, data in
            if !says.isEmpty { data.stream.send(says) }
            _ = data.receive(through: "never")
        }
        let head = try rig.ask("/south/api").head
        #expect(head.hasPrefix("HTTP/1.1 503 ") && head.contains("\r\nOrrery-Tunnel: lost\r\n"), "\(head)")
    }

    @Test func anAgentsRefusalIsNamedSo() throws {
        let rig = try TunnelRig()
        try rig.begin()
        _ = try rig.agent { _, data in data.send(.refused(.policy, say: "not here")) }
        let (head, body) = try rig.ask("/south/api")
        #expect(head.hasPrefix("HTTP/1.1 403 ") && head.contains("\r\nOrrery-Tunnel: refused\r\n"))
        #expect(body.contains("not here"))
    }

    @Test func anAnswerStreamsAsItComes() throws {
        let rig = try TunnelRig()
        try rig.begin()
        _ = try rig.agent { _, data in
            data.send(.accepted)
            _ = data.receive(through: "\r\n\r\n")
            data.stream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none\n\r\n")
            _ = data.receive(through: "\r\n\r\n")
        }
        let client = try Stream(port: try #require(rig.proxy?.server.innerPort))
        client.send("GET /south/watch HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sesame\r\n\r\n")
        #expect(client.receive(through: "one\n").contains("200 OK"))
    }

    @Test func thePublicPortKnowsNoClusters() throws {
        let rig = try TunnelRig()
        try rig.begin()
        let agent = try rig.agent()
        let client = try rig.client()
        client.send("GET /south/api HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sesame\r\n\r\n")
        // It goes where every path goes that has no route: to the hub.
        #expect(client.answer().body.isEmpty)
        #expect(agent.heard.handoffs.isEmpty)
    }
}
