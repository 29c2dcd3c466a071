import Testing

@testable import OrreryProxy

/// Targets that are no TCP port, with real sockets.
struct LoopbackTargetTests {
    @Test func withoutAHubAPodIs503() throws {
        let proxy = try RunningProxy()
        try proxy.setRoute("/a", to: "cluster:north/pod-a:8888")
        let client = try proxy.client()
        client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 503 "))
    }
}
