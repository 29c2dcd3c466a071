import Glibc
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// Targets that are no TCP port, with real sockets.
struct LoopbackTargetTests {
    /// Hands out one end of a pair and serves at the other; for the pod `gone` it has nothing.
    private final class Pods: Dialler {
        let count = Atomic<Int>(0)

        func connection(to cluster: String, pod: String, port: UInt16) -> Descriptor? {
            var ends: [CInt] = [-1, -1]
            guard pod != "gone", unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
                return nil
            }
            _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
            count.add(1, ordering: .relaxed)
            let stream = Stream(owning: ends[1])
            _ = LoopThread {
                while !stream.receive(through: "\r\n\r\n").isEmpty {
                    stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(pod.utf8.count)\r\n\r\n\(pod)")
                }
            }
            return Descriptor(owning: ends[0])
        }
    }

    @Test(arguments: [1, 3]) func podsServeThroughConnectionsThatAreHandedOver(_ workers: Int) throws {
        let pods = Pods()
        let proxy = try RunningProxy(workers: workers, dialler: pods)
        try proxy.setRoute("/a", to: "cluster:north/pod-a:8888")
        try proxy.setRoute("/b", to: "cluster:north/pod-b:8888")
        try proxy.setRoute("/c", to: "cluster:north/gone:8888")
        let client = try proxy.client()
        for _ in 0..<3 {
            for name in ["a", "b"] {
                client.send("GET /\(name) HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(client.answer().body == "pod-\(name)")
            }
        }
        #expect(pods.count.load(ordering: .relaxed) == 2, "kept connections serve again")
        client.send("GET /c HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func withoutADiallerAPodIs503() throws {
        let proxy = try RunningProxy()
        try proxy.setRoute("/a", to: "cluster:north/pod-a:8888")
        let client = try proxy.client()
        client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 503 "))
    }
}
