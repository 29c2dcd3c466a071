import OrreryWire
import Testing

@testable import OrreryProxy

/// What the proxy answers itself, notes and does when routes change or it is stopped.
struct WorkerAnswerTests {
    @Test func nothingIsServedWithoutARoute() throws {
        let rig = try Rig(routes: [:])
        let client = rig.client()
        rig.send(client, Sample.get)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 404 "))
        rig.send(client, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(client).hasSuffix("\r\n\r\n"))
        rig.send(client, "GET /_chp_healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(rig.kernel.sent(client).hasSuffix("{\"status\":\"OK\"}"))
        rig.send(client, "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n")
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 405 "))
        #expect(rig.kernel.connected.isEmpty)
    }

    @Test func anErrorTargetWritesThePages() throws {
        let rig = try Rig(errorTarget: "http://10.0.0.9:8081/hub/error")
        let client = rig.client()
        rig.kernel.connecting = .later
        rig.send(client, "GET /user/ada/lab?a=b HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.fail(try rig.upstream(), 111)
        let pages = try rig.upstream()
        rig.kernel.establish(pages)
        rig.turn()
        #expect(
            rig.kernel.sent(pages)
                == "GET /hub/error/503?url=%2Fuser%2Fada%2Flab%3Fa%3Db HTTP/1.1\r\nHost: 10.0.0.9:8081\r\n\r\n")
        rig.send(pages, "HTTP/1.1 200 OK\r\nX-Secret: 1\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\n<h1>!")
        let answer = rig.kernel.sent(client)
        #expect(
            answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 5\r\n"))
        #expect(answer.hasSuffix("<h1>!") && !answer.contains("X-Secret"))
        #expect(rig.kernel.isOpen(client))
        rig.pass(.milliseconds(300))
        rig.send(client, Sample.get)
        rig.fail(try rig.upstream(), 111)
        #expect(rig.kernel.sent(pages).hasPrefix("GET /hub/error/503?"), "its connection was not kept")
        rig.fail(pages)
        rig.fail(try rig.upstream(), 111)
        #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 "), "without the error target a plain page does")
    }

    @Test func anOldClientIsTold() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "GET / HTTP/1.0\r\n\r\n")
        #expect(rig.kernel.sent(try rig.upstream()).contains("Host: 10.0.0.1:8081\r\n"))
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        let answer = rig.kernel.sent(client)
        #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("\r\n\r\nabc"))
        #expect(!rig.kernel.isOpen(client))
    }

    @Test func activityIsNotedForWhatCounts() throws {
        let rig = try Rig()
        let key = try #require(RouteKey("/user/ada"))
        let start = rig.kernel.moment.wall
        /// How long ago it was noted that the route was used, after a second more.
        func age(_ act: () throws -> Void) throws -> UInt64 {
            rig.pass(.seconds(1))
            try act()
            return rig.kernel.moment.wall
                - rig.shared.routes.activity.last(try #require(rig.shared.routes.route(key)).activity)
        }
        let client = rig.client()
        #expect(try age { rig.send(client, Sample.get) } == rig.kernel.moment.wall - start)
        #expect(try age { rig.send(try rig.upstream(), Sample.ok) } == 0)
        for status in [300, 304, 404, 500] {
            rig.send(client, Sample.get)
            let answer = "HTTP/1.1 \(status) No\r\nContent-Length: 0\r\n\r\n"
            #expect(try age { rig.send(try rig.upstream(), answer) } > 0)
        }
        // Every piece of an upload counts, whatever is answered; and a download counts when it ends.
        let put = "PUT /user/ada/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n"
        #expect(try age { rig.send(client, put) } > 0)
        #expect(try age { rig.send(client, "a") } == 0)
        #expect(try age { rig.send(client, "bc") } == 0)
        #expect(try age { rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n") } > 0)
        #expect(try age { rig.send(try rig.upstream(), "x") } > 0)
        #expect(try age { rig.send(try rig.upstream(), "y") } == 0)
        #expect(try age { rig.send(client, put + "abc") } == 0)
        #expect(try age { rig.send(try rig.upstream(), "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n") } > 0)
        let head = Sample.get.replacing("GET", with: "HEAD")
        rig.send(client, head)
        #expect(try age { rig.send(try rig.upstream(), "HTTP/1.1 204 No\r\n\r\n") } == 0)
    }

    @Test func onlyWhatAClientSendsOverAWebSocketIsActivity() throws {
        let rig = try Rig()
        let key = try #require(RouteKey("/user/ada"))
        let cell = try #require(rig.shared.routes.route(key)).activity
        let start = rig.shared.routes.activity.last(cell)
        let socket = rig.client()
        rig.pass(.seconds(1))
        rig.send(socket, Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
        rig.pass(.seconds(1))
        rig.send(try rig.upstream(), "from the server")
        #expect(rig.shared.routes.activity.last(cell) == start)
        rig.send(socket, "from the client")
        #expect(rig.shared.routes.activity.last(cell) == start + 2000)
    }

    /// As long as its client reads, an answer may pause for ever; a limit is for whoever asks for one.
    @Test func anAnswerMayPauseUnlessItIsTold() throws {
        for quiet in [nil, Duration.seconds(10)] {
            var limits = ProxyLimits()
            limits.quiet = quiet
            let rig = try Rig(limits: limits)
            let client = rig.client()
            rig.send(client, Sample.get)
            rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na")
            // The client does not read for a while, and then it does.
            rig.setRoom(client, 0)
            rig.send(try rig.upstream(), "b")
            rig.pass(.seconds(9))
            rig.setRoom(client, 100)
            for _ in 0..<5 {
                rig.pass(.seconds(9))
                rig.send(try rig.upstream(), "c")
            }
            #expect(rig.kernel.isOpen(client))
            rig.pass(.seconds(1000))
            #expect(rig.kernel.isOpen(client) == (quiet == nil))
        }
    }

    @Test func aRouteSetUnderTrafficServesTheNextRequest() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, Sample.get)
        let first = try rig.upstream()
        try rig.setRoute("/user/ada", "http://10.0.0.3:8888/base")
        rig.send(first, Sample.ok)
        #expect(rig.kernel.sent(client) == Sample.answered, "the running request was disturbed")
        rig.send(client, Sample.get)
        let second = try rig.upstream()
        #expect(rig.kernel.sockets[second]?.address?.description == "10.0.0.3:8888")
        #expect(rig.kernel.sent(second).hasPrefix("GET /base/user/ada/lab HTTP/1.1\r\n"))
    }
}
