import Foundation
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// The whole proxy over real sockets.
struct LoopbackTests {
    /// Answers every request with the first line of it, as long as the connection lives.
    @Sendable private static func echoLine(_ stream: Stream) {
        while true {
            let head = stream.receive(through: "\r\n\r\n")
            guard let line = head.split(separator: "\r\n").first else { return }
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(line.utf8.count)\r\n\r\n\(line)")
        }
    }

    @Test func requestsShareConnectionsOnBothSides() throws {
        let origin = try Origin(Self.echoLine)
        let proxy = try RunningProxy(defaultPort: origin.port, workers: 1)
        let client = try proxy.client()
        for number in 0..<100 {
            client.send("GET /\(number) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.answer().body == "GET /\(number) HTTP/1.1")
        }
        #expect(origin.count == 1)
    }

    @Test func manyClientsOverSeveralWorkersGetTheirOwnAnswers() throws {
        let origin = try Origin(Self.echoLine)
        let proxy = try RunningProxy(defaultPort: origin.port, workers: 3)
        let wrong = Atomic<Int>(0)
        let threads = try (0..<8).map { number in
            let client = try proxy.client()
            return LoopThread {
                for turn in 0..<50 {
                    client.send("GET /\(number)/\(turn) HTTP/1.1\r\nHost: h\r\n\r\n")
                    if client.answer().body != "GET /\(number)/\(turn) HTTP/1.1" { wrong.add(1, ordering: .relaxed) }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test func chunksGoBothWays() throws {
        let origin = try Origin { stream in
            let head = stream.receive(through: "\r\n\r\n")
            guard head.contains("Transfer-Encoding: chunked") else { return }
            let body = stream.receive(through: "0\r\n\r\n")
            stream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
        }
        let proxy = try RunningProxy(defaultPort: origin.port)
        let client = try proxy.client()
        client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n")
        client.send("6\r\n world\r\n")
        client.send("0\r\nTrailer: dropped\r\n\r\n")
        let answer = client.receive(through: "0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(dechunked(answer) == "hello world")
    }

    @Test func anUpgradedConnectionCarriesBytesBothWays() throws {
        let origin = try Origin { stream in
            _ = stream.receive(through: "\r\n\r\n")
            stream.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nwelcome")
            while let bytes = stream.receive(), !bytes.isEmpty { stream.send(bytes) }
            stream.send("goodbye")
        }
        let proxy = try RunningProxy(defaultPort: origin.port)
        let client = try proxy.client()
        client.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly")
        #expect(client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(client.receive(exactly: 12) == Array("welcomeearly".utf8))
        let large = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let sender = LoopThread { client.send(large) }
        #expect(client.receive(exactly: large.count) == large)
        sender.join()
        client.shutDown()
        #expect(client.receive(exactly: 100) == Array("goodbye".utf8))
    }

    @Test func aSlowReaderHoldsTheOriginBack() throws {
        let total = 128 << 20
        let written = Atomic<Int>(0)
        let origin = try Origin { stream in
            _ = stream.receive(through: "\r\n\r\n")
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 16)
            for _ in 0..<total / piece.count {
                guard stream.send(piece) else { return }
                written.add(piece.count, ordering: .relaxed)
            }
        }
        let proxy = try RunningProxy(defaultPort: origin.port)
        let client = try proxy.client()
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = client.receive(through: "\r\n\r\n")
        // Until nothing has moved for a while: what is written now lies in the buffers of the system.
        var before = -1
        while written.load(ordering: .relaxed) != before {
            before = written.load(ordering: .relaxed)
            let start = Moment.now().monotonic
            _ = eventually { Moment.now().monotonic > start + 100 }
        }
        // What the kernel may hold between three parties, and a pipe.
        let system = 2 * Self.largest("tcp_rmem") + 2 * Self.largest("tcp_wmem") + 1 << 20
        #expect(before < min(total, system), "\(before) bytes were taken for a client that reads none")
        #expect(client.receive(exactly: total).count == total)
    }

    /// How large this system lets a connection's buffer grow.
    private static func largest(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/sys/net/ipv4/\(name)", encoding: .utf8)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 4 << 20
    }

    @Test func aLongUploadArrivesWhole() throws {
        let total = 8 << 20
        let origin = try Origin { stream in
            _ = stream.receive(through: "\r\n\r\n")
            // Compared as it comes, by the system: a look at each byte afterwards would be a long silence.
            let expected = [UInt8](repeating: 3, count: 65_536)
            var (count, isRight) = (0, true)
            while count < total, let bytes = stream.receive(expected.count), !bytes.isEmpty {
                count += bytes.count
                let difference = unsafe memcmp(bytes, expected, bytes.count)
                isRight = isRight && difference == 0
            }
            let words = "\(count) bytes, \(isRight ? "as sent" : "others")"
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(words.utf8.count)\r\n\r\n\(words)")
        }
        let proxy = try RunningProxy(defaultPort: origin.port)
        let client = try proxy.client()
        client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: \(total)\r\n\r\n")
        let body = [UInt8](repeating: 3, count: total)
        #expect(client.send(body))
        #expect(client.answer().body == "\(total) bytes, as sent")
    }

    @Test func aClientThatAbortsIsNoticedUpstream() throws {
        let ended = Atomic<Bool>(false)
        let origin = try Origin { stream in
            _ = stream.receive(through: "\r\n\r\n")
            // Nothing comes but the end.
            ended.store(stream.receive()?.isEmpty ?? true, ordering: .relaxed)
        }
        let proxy = try RunningProxy(defaultPort: origin.port)
        do {
            let client = try proxy.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(eventually { origin.count == 1 })
            client.resetWhenClosed()
        }
        #expect(eventually { ended.load(ordering: .relaxed) })
    }

    @Test func anOriginThatDiesIsTold() throws {
        let origin = try Origin { stream in
            let head = stream.receive(through: "\r\n\r\n")
            if head.hasPrefix("GET /cut") { stream.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this") }
        }
        let proxy = try RunningProxy(defaultPort: origin.port)
        let client = try proxy.client()
        client.send("GET /none HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(client.answer().head.hasPrefix("HTTP/1.1 502 "))
        client.send("GET /cut HTTP/1.1\r\nHost: h\r\n\r\n")
        _ = client.receive(through: "\r\n\r\n")
        #expect(client.receive(exactly: 100).count == 9)
        // Nobody listens there any more.
        let port = try Origin(Self.echoLine).port
        try proxy.setRoute("/gone", port: port)
        let other = try proxy.client()
        #expect(
            eventually {
                other.send("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n")
                return other.answer().head.hasPrefix("HTTP/1.1 503 ")
            })
    }

    @Test func routesComeAndGoUnderTraffic() throws {
        let first = try Origin { stream in
            while !stream.receive(through: "\r\n\r\n").isEmpty {
                stream.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
            }
        }
        let second = try Origin { stream in
            while !stream.receive(through: "\r\n\r\n").isEmpty {
                stream.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
            }
        }
        let proxy = try RunningProxy(defaultPort: first.port)
        let isDone = Atomic<Bool>(false)
        let wrong = Atomic<Int>(0)
        let traffic = try (0..<4).map { number in
            let client = try proxy.client()
            return LoopThread {
                while !isDone.load(ordering: .relaxed) {
                    client.send("GET /user/u\(number)/lab HTTP/1.1\r\nHost: h\r\n\r\n")
                    let (head, body) = client.answer()
                    if !head.hasPrefix("HTTP/1.1 200 ") || !["1", "2"].contains(body) {
                        wrong.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        let probe = try proxy.client()
        for round in 0..<50 {
            try proxy.setRoute("/user/u\(round % 4)", port: second.port)
            probe.send("GET /user/u\(round % 4) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(probe.answer().body == "2", "a route was not seen by the next request")
            #expect(try proxy.api("DELETE", "/api/routes/user/u\(round % 4)") == 204)
            probe.send("GET /user/u\(round % 4) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(probe.answer().body == "1", "a removed route was still followed")
        }
        isDone.store(true, ordering: .relaxed)
        for thread in traffic { thread.join() }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test func theRestInterfaceSurvivesGarbage() throws {
        let proxy = try RunningProxy()
        for garbage in [
            "\0\u{1}\u{2}", "GET", "GET / HTTP/9.9\r\n\r\n", String(repeating: "a", count: 100_000),
            "POST /api/routes HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", "\r\n\r\n\r\n",
            "POST /api/routes HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ] {
            let stream = try Stream(port: proxy.server.apiPort)
            stream.send(garbage)
            stream.shutDown()
            _ = stream.receive()
        }
        #expect(try proxy.api("GET", "/api/routes") == 200)
    }

    @Test func aServerEndsSoonAndItsPortIsItsOwn() throws {
        let origin = try Origin(Self.echoLine)
        var configuration = ProxyConfiguration()
        do {
            let proxy = try RunningProxy(defaultPort: origin.port)
            configuration.listener = .init(host: "127.0.0.1", port: proxy.server.port)
            configuration.api = .init(host: "127.0.0.1", port: 0)
            #expect(throws: ProxyError.self) { _ = try ProxyServer(configuration: configuration) }
            let client = try proxy.client()
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = client.answer()
            proxy.server.stop()
            // Without that, it would be kept for longer than the client waits.
            #expect(client.receive()?.isEmpty == true)
        }
        // Workers of other tests may hold a copy of the listener for the moment in which they leave the common table.
        #expect(eventually { (try? ProxyServer(configuration: configuration)) != nil })
    }

    @Test func configurationIsJudgedBeforeAnythingRuns() {
        var configuration = ProxyConfiguration()
        configuration.listener = .init(host: "127.0.0.1", port: 0)
        configuration.api = .init(host: "127.0.0.1", port: 0)
        configuration.defaultTarget = "ftp://h"
        #expect(throws: ProxyError.badTarget(option: "--default-target", value: "ftp://h", .unknownScheme)) {
            _ = try ProxyServer(configuration: configuration)
        }
        configuration.defaultTarget = "http://ada:secret@h"
        let error = #expect(throws: ProxyError.self) { _ = try ProxyServer(configuration: configuration) }
        #expect(error.map { "\($0)" }?.hasPrefix("--default-target: not a target: it has an @") == true)
        #expect(error.map { "\($0)" }?.contains("secret") == false)
        configuration.defaultTarget = nil
        configuration.listener.host = "no such host"
        #expect(throws: ProxyError.unknownHost("no such host")) { _ = try ProxyServer(configuration: configuration) }
    }
}
