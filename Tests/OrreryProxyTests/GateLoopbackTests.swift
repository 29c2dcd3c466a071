import OrreryCrypto
import OrreryModel
import OrreryWire
import Testing

@testable import OrreryProxy

/// The gate over real sockets, with a hub of the test's own.
struct GateLoopbackTests {
    /// Answers every request with its head, without the first line.
    @Sendable private static func echoHead(_ stream: Stream) {
        while true {
            let head = stream.receive(through: "\r\n\r\n")
            guard !head.isEmpty else { return }
            let body = head.split(separator: "\r\n").dropFirst().joined(separator: "\n")
            stream.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    private func control(_ proxy: RunningProxy, _ method: String, _ path: String, _ body: String) throws -> String {
        let stream = try Stream(port: proxy.server.apiPort)
        stream.send(
            "\(method) \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: token sesame\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        return String(stream.answer().head.dropFirst(9).prefix(3))
    }

    @Test func aPersonGoesToTheHubAndComesBackWithACookie() throws {
        let origin = try Origin(Self.echoHead)
        let proxy = try RunningProxy { $0.token = Secret("sesame") }
        let now = Moment.now().wall / 1000
        let keys = GateKeys(derivedFrom: RandomToken.bytes(32), salt: [], at: now)
        let listed = keys.keys.map { key in
            // The standard alphabet, as a hub sends it.
            let text = Base64URL.encode(key.reveal()).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
            return #"{"id":\#(key.id),"key":"\#(String(text))="}"#
        }
        let login = "http://hub.test/hub/gate"
        let body = #"{"keys":[\#(listed.joined(separator: ","))],"login":"\#(login)"}"#
        #expect(try control(proxy, "PUT", "/api/gate-keys", body) == "204")
        let route = #"{"target":"http://127.0.0.1:\#(origin.port)","access":["ada"]}"#
        #expect(try control(proxy, "POST", "/api/routes/user/ada", route) == "201")

        func ask(_ path: String, _ cookies: [String] = []) throws -> (head: String, body: String) {
            let client = try proxy.client()
            let cookie = cookies.isEmpty ? "" : "Cookie: \(cookies.joined(separator: "; "))\r\n"
            client.send("GET \(path) HTTP/1.1\r\nHost: ada.hub.test\r\nAccept: text/html\r\n\(cookie)\r\n")
            return client.answer()
        }
        func firstPair(_ head: String) throws -> String {
            try String(#require(field("set-cookie", in: head)).prefix { $0 != ";" })
        }

        let away = try ask("/user/ada/lab?x=1").head
        let browser = try firstPair(away)
        let location = try #require(field("location", in: away))
        #expect(location.hasPrefix("\(login)?next=http%3A%2F%2Fada.hub.test%2Fuser%2Fada%2Flab%3Fx%3D1&state="))

        // What the hub does for somebody who is logged in.
        var seal = TicketSeal(keys)
        let issued = UInt32(now)
        let ticket = Ticket(person: "ada", session: "s", issued: issued, expires: issued + 60, until: issued + 3600)
        let mark = String(location.split(separator: "=").last ?? "")
        let sealed = seal.seal(ticket, as: .entry, host: "ada.hub.test", browser: mark)
        let entry = try #require(sealed)

        let back = try ask("/.orrery/enter?ticket=\(entry)&next=%2Fuser%2Fada%2Flab%3Fx%3D1", [browser]).head
        #expect(field("location", in: back) == "/user/ada/lab?x=1")
        let page = try ask("/user/ada/lab?x=1", [browser, firstPair(back)])
        #expect(page.head.hasPrefix("HTTP/1.1 200 "))
        #expect(page.body.contains("X-Orrery-Person: ada") && !page.body.contains("Cookie"))

        #expect(try control(proxy, "POST", "/api/logouts", #"{"session-ids":["s"]}"#) == "204")
        #expect(try ask("/user/ada/lab", [firstPair(back)]).head.hasPrefix("HTTP/1.1 302 "))
    }
}
