import OrreryWire
import Testing

@testable import OrreryProxy

/// Answers that need not change are sent from the buffer they came in; all others are written.
struct AnswerAsItCameTests {
    private let get = "GET /user/ada/lab HTTP/1.1\r\nHost: hub:8000\r\n\r\n"
    private let plain = "HTTP/1.1 200 OK\r\nDate: now\r\nX-A:  b\t\r\nContent-Length: 4\r\n\r\n"

    @Test func itIsTheVeryBytes() throws {
        let rig = try Rig()
        let client = rig.client()
        for body in ["body", "four"] {
            rig.send(client, get)
            rig.send(try rig.upstream(), plain + body)
            #expect(rig.kernel.sent(client) == plain + body)
        }
        #expect(rig.kernel.connected.count == 1, "the connection served both")
    }

    @Test func itsBodyMayComeInPieces() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        for piece in [plain, "bo", "dy"] { rig.send(try rig.upstream(), piece) }
        #expect(rig.kernel.sent(client) == plain + "body")
        rig.send(client, get)
        rig.send(try rig.upstream(), plain + "body")
        #expect(rig.kernel.sent(client) == plain + "body")
    }

    @Test func moreThanWasAnnouncedReachesNobody() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        let upstream = try rig.upstream()
        rig.send(upstream, plain + "bodyHTTP/1.1 200 OK\r\n")
        #expect(rig.kernel.sent(client) == plain + "body")
        #expect(!rig.kernel.isOpen(upstream))
    }

    @Test func anAnswerToHeadHasNoBodyWhateverItSays() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "HEAD /user/ada/lab HTTP/1.1\r\nHost: hub:8000\r\n\r\n")
        rig.send(try rig.upstream(), plain)
        #expect(rig.kernel.sent(client) == plain)
        rig.send(client, get)
        rig.send(try rig.upstream(), plain + "body")
        #expect(rig.kernel.sent(client) == plain + "body")
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nDate: n\r\nConnection: x-a\r\nX-A: b\r\nContent-Length: 0\r\n\r\n", "X-A"),
        ("HTTP/1.1 200 OK\r\nDate: n\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "close"),
        ("HTTP/1.1 200 OK\r\nDate: n\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n", "Keep-Alive"),
        ("HTTP/1.1 200 OK\r\nDate: n\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n", "Upgrade"),
        ("HTTP/1.1 200 OK\r\nDate: n\r\nTrailer: x\r\nContent-Length: 0\r\n\r\n", "Trailer"),
        ("HTTP/1.1 204 No Content\r\nDate: n\r\nContent-Length: 0\r\n\r\n", "Content-Length"),
        ("HTTP/1.0 200 OK\r\nDate: n\r\nContent-Length: 0\r\n\r\n", "HTTP/1.0"),
    ])
    func whatEndsAtThisHopIsLeftOut(_ answer: String, _ part: String) throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.send(try rig.upstream(), answer)
        let sent = rig.kernel.sent(client)
        #expect(sent.hasPrefix("HTTP/1.1 20") && sent.contains("\r\nDate: n\r\n") && !sent.contains(part))
    }

    @Test func aDateIsAddedWhereThereIsNone() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, get)
        rig.send(try rig.upstream(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(rig.kernel.sent(client).contains("\r\nDate: "))
    }

    @Test func aClientThatAsksForItIsToldThatItsConnectionGoesOn() throws {
        let rig = try Rig()
        let client = rig.client()
        rig.send(client, "GET /user/ada/lab HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        rig.send(try rig.upstream(), plain + "body")
        #expect(rig.kernel.sent(client).contains("\r\nConnection: keep-alive\r\n"))
    }
}
