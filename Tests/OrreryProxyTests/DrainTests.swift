import Glibc
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// The end of the whole proxy over real sockets, under load.
struct DrainTests {
    private final class Tally: Sendable {
        let served = Atomic<Int>(0)
        let failed = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
    }

    @Sendable private static func echo(_ stream: Stream) {
        while !stream.receive(through: "\r\n\r\n").isEmpty {
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
    }

    /// Asks over one connection until it is told to close; false when a request was not answered.
    private static func ask(_ stream: Stream, atMost count: Int, _ tally: Tally) -> Bool {
        for _ in 0..<count {
            stream.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            let answer = stream.answer()
            guard answer.head.hasPrefix("HTTP/1.1 200 "), answer.body == "ok" else {
                tally.failed.add(1, ordering: .relaxed)
                return false
            }
            tally.served.add(1, ordering: .relaxed)
            if answer.head.contains("Connection: close") { return true }
        }
        return true
    }

    /// Clients that keep their connections, and others that make a new one for each request, until nobody listens.
    private static func load(_ port: UInt16, _ tally: Tally) -> [LoopThread] {
        (0..<72).map { number in
            LoopThread {
                while let stream = Stream.ifListening(port: port) {
                    guard ask(stream, atMost: number < 64 ? .max : 1, tally) else { return }
                }
                tally.refused.add(1, ordering: .relaxed)
            }
        }
    }

    @Test func noRequestFailsWhenTheProxyIsStopped() throws {
        let origin = try Origin(Self.echo)
        let proxy = try RunningProxy(defaultPort: origin.port) { $0.limits.drain = .seconds(60) }
        let tally = Tally()
        let clients = Self.load(proxy.server.port, tally)
        #expect(eventually { tally.served.load(ordering: .relaxed) > 1000 })
        proxy.server.stop()
        for client in clients { client.join() }
        #expect(tally.failed.load(ordering: .relaxed) == 0)
        #expect(tally.refused.load(ordering: .relaxed) == clients.count)
    }

    @Test func aSuccessorTakesOverWithoutALoss() throws {
        let origin = try Origin(Self.echo)
        let tally = Tally()
        let isDone = Atomic<Bool>(false)
        let port: UInt16
        let successor: RunningProxy
        let clients: [LoopThread]
        do {
            let first = try RunningProxy(defaultPort: origin.port) {
                $0.sharesPorts = true
                $0.limits.drain = .seconds(60)
            }
            port = first.server.port
            clients = (0..<16).map { number in
                LoopThread {
                    while !isDone.load(ordering: .relaxed) {
                        guard let stream = Stream.ifListening(port: port) else {
                            tally.failed.add(1, ordering: .relaxed)
                            return
                        }
                        guard Self.ask(stream, atMost: number < 8 ? 20 : 1, tally) else { return }
                    }
                }
            }
            #expect(eventually { tally.served.load(ordering: .relaxed) > 300 })
            successor = try RunningProxy(defaultPort: origin.port) {
                $0.sharesPorts = true
                $0.listener.port = port
            }
        }
        let before = tally.served.load(ordering: .relaxed)
        #expect(eventually { tally.served.load(ordering: .relaxed) > before + 1000 })
        isDone.store(true, ordering: .relaxed)
        for client in clients { client.join() }
        #expect(tally.failed.load(ordering: .relaxed) == 0)
        withExtendedLifetime(successor) {}
    }
}
