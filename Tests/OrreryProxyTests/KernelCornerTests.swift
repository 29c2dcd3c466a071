import OrreryWire
import Testing

@testable import OrreryProxy

/// Every message in every piece, and every call of the kernel failing in every way.
struct KernelCornerTests {
    /// A request, its answer, and what each side must get.
    struct Talk: Sendable, CustomTestStringConvertible {
        let what: String
        let request: String
        let answer: String
        /// How what the upstream gets ends, and what the client gets, dates aside.
        let received: String
        let relayed: String

        var testDescription: String { what }
    }

    static let talks: [Talk] = [
        Talk(
            what: "a head", request: Sample.get, answer: Sample.ok, received: Sample.forwarded, relayed: Sample.answered
        ),
        Talk(
            what: "a body with a length", request: "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello again", received: "\r\n\r\nhello world",
            relayed: "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello again"),
        Talk(
            what: "a body in chunks",
            request:
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nA: b\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n",
            received: "\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            relayed: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\n\r\n"),
        Talk(
            what: "answers before the answer", request: "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
            answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 None\r\n\r\n",
            received: "Via: 1.1 orrery-proxy\r\n\r\n",
            relayed: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 None\r\n\r\n"),
        Talk(
            what: "a tunnel", request: Sample.upgrade + "from the client", answer: Sample.switching + "from the server",
            received: "\r\n\r\nfrom the client",
            relayed: "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\n"
                + "Upgrade: websocket\r\n\r\nfrom the server"),
    ]

    /// Both sides take so many bytes and no more, again and again, and send so many at a time.
    @Test(arguments: talks)
    func everyCutOfEveryWriteAndRead(_ talk: Talk) throws {
        for piece in [1, 2, 3, 5, 7, 11, 16, 24, 50, 100, 1000] {
            let rig = try Rig()
            let client = rig.client()
            rig.setRoom(client, 0)
            rig.kernel.connecting = .later
            feed(rig, client, talk.request, piece)
            let upstream = try rig.upstream()
            rig.setRoom(upstream, 0)
            rig.kernel.establish(upstream)
            for _ in 0..<500 / piece + 2 { rig.setRoom(upstream, piece) }
            feed(rig, upstream, talk.answer, piece)
            for _ in 0..<300 / piece + 2 { rig.setRoom(client, piece) }
            for _ in 0..<50 / piece + 2 { rig.setRoom(upstream, piece) }
            let (received, relayed) = (rig.kernel.sent(upstream), rig.kernel.sent(client))
            #expect(dechunkedTail(received).hasSuffix(dechunkedTail(talk.received)), "\(piece) bytes at a time")
            #expect(dechunkedTail(withoutDate(relayed)) == dechunkedTail(talk.relayed), "\(piece) bytes at a time")
            #expect(rig.heldBuffers == 0 && rig.kernel.isOpen(client))
            #expect(rig.connections == 2, "one of them was not kept")
        }
    }

    /// The n-th call answers that there is nothing now, or no room; an event says so later.
    @Test(arguments: talks)
    func everyCallMayHaveToBeRepeated(_ talk: Talk) throws {
        for call in 1...40 {
            let rig = try Rig()
            rig.kernel.disturbance = .blocks(call)
            let (received, relayed) = try play(talk, rig)
            #expect(received.hasSuffix(talk.received), "call \(call)")
            #expect(withoutDate(relayed) == talk.relayed, "call \(call)")
            #expect(rig.heldBuffers == 0)
        }
    }

    /// The n-th call fails: whatever was on its way, nothing is left over and nobody gets anything wrong.
    @Test(arguments: talks)
    func everyCallMayFail(_ talk: Talk) throws {
        for call in 1...40 {
            let rig = try Rig()
            rig.kernel.disturbance = .fails(call, 104)
            let (_, relayed) = try play(talk, rig)
            let isOurs = relayed.contains(" 502 ") || relayed.contains(" 503 ")
            #expect(isOurs || talk.relayed.hasPrefix(withoutDate(relayed)), "call \(call): \(relayed)")
            for number in rig.kernel.sockets.keys.sorted() { rig.kernel.end(number) }
            rig.turn()
            rig.pass(.seconds(61))
            #expect(rig.connections == 0 && rig.kernel.sockets.isEmpty, "call \(call)")
        }
    }

    @Test func noDescriptorForAnUpstreamIs503AndTheClientGoesOn() throws {
        let rig = try Rig()
        let client = rig.client()
        for request in [Sample.get, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi", Sample.upgrade] {
            rig.kernel.failures = 1
            rig.send(client, request)
            #expect(rig.kernel.sent(client).hasPrefix("HTTP/1.1 503 ") && rig.kernel.connected.isEmpty)
            #expect(rig.heldBuffers == 0)
        }
        #expect(!rig.kernel.isOpen(client), "after a refused upgrade nothing can follow")
    }

    /// Of two events of one turn the first closes a connection, and its descriptor is given out again before the second
    /// is looked at.
    @Test func aDescriptorUsedAgainWithinATurnIsSomebodyElses() throws {
        let rig = try Rig()
        let first = rig.client()
        rig.send(first, Sample.get)
        let upstream = try rig.upstream()
        let other = rig.client()
        let (oldClient, oldUpstream) = (rig.token(first), rig.token(upstream))
        rig.kernel.fail(first, 104)
        rig.kernel.feed(other, Sample.get)
        rig.kernel.post(token: oldUpstream, .readable | .gone)
        rig.kernel.post(token: oldClient, .readable | .gone)
        rig.turn()
        // The lowest free number is the old client's: it is the new upstream's now.
        let reused = try rig.upstream()
        #expect(reused == first && rig.kernel.isOpen(other))
        rig.send(reused, Sample.ok)
        #expect(rig.kernel.sent(other) == Sample.answered)
        #expect(rig.connections == 2)
    }

    private func play(_ talk: Talk, _ rig: Rig) throws -> (received: String, relayed: String) {
        let client = rig.client()
        rig.send(client, talk.request)
        remind(rig)
        var received = ""
        if let upstream = rig.kernel.connected.last {
            rig.send(upstream, talk.answer)
            remind(rig)
            received = rig.kernel.sent(upstream)
            // Asked again over another one.
            if let last = rig.kernel.connected.last, last != upstream { rig.send(last, talk.answer) }
        }
        return (received, rig.kernel.sent(client))
    }

    /// The events that follow a call which had to wait.
    private func remind(_ rig: Rig) {
        for _ in 0..<3 {
            for (_, socket) in rig.kernel.sockets.sorted(by: { $0.key < $1.key }) {
                rig.kernel.post(token: socket.token, .readable | .writable)
            }
            rig.turn()
        }
    }

    private func feed(_ rig: Rig, _ number: CInt, _ text: String, _ piece: Int) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            rig.kernel.feed(number, Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
            rig.turn()
        }
    }

    /// Chunks differ with the pieces: only their content is compared.
    private func dechunkedTail(_ message: String) -> String {
        guard message.contains("\r\n0\r\n\r\n"), let content = dechunked(message) else { return message }
        return content
    }

    private func withoutDate(_ text: String) -> String {
        text.split(separator: "\r\n", omittingEmptySubsequences: false).filter {
            !$0.hasPrefix("Date: ") || $0 == "Date: now"
        }
        .joined(separator: "\r\n")
    }
}
