import OrreryWire
import Testing

struct RequestHeadTests {
    @Test func aHeadIsReadInPlace() {
        let read = ReadRequest(
            "GET /user/ada/lab?reset=1 HTTP/1.1\r\nHost: hub.example:8000\r\nAccept: */*\r\nCookie: a=b\r\n\r\nrest")
        #expect(read.outcome == .complete)
        #expect(read.head.length == read.bytes.count - 4)
        #expect(read.text(read.head.methodName) == "GET")
        #expect(read.head.method == .get)
        #expect(read.text(read.head.path) == "/user/ada/lab")
        #expect(read.text(read.head.query) == "?reset=1")
        #expect(read.text(read.head.fields.host) == "hub.example:8000")
        #expect(read.head.fields.hasCookie && read.head.keepsAlive && read.head.body == .none)
        #expect(read.head.isRepeatable && !read.head.isPathDelicate)
    }

    @Test func everyBeginningOfAHeadIsIncomplete() {
        let bytes = Array(
            "POST /a/b?c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX-Very-Long-Name-Indeed: v\tw\r\n\r\n"
                .utf8)
        for count in 0..<bytes.count {
            var head = RequestHead()
            let outcome = head.parse(bytes.span.extracting(first: count), limits: HeadLimits())
            #expect(outcome == .incomplete, "\(count) bytes")
        }
        var head = RequestHead()
        let outcome = head.parse(bytes.span, limits: HeadLimits())
        #expect(outcome == .complete)
        #expect(head.body == .chunked)
    }

    /// What a lenient server behind us might read differently, and what nobody sends.
    @Test(arguments: [
        ("both lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("the same length twice", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400),
        ("a list of lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n", 400),
        ("a signed length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n", 400),
        ("a hexadecimal length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\n", 400),
        ("an empty length", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400),
        ("a length beyond all", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999999999\r\n\r\n", 400),
        ("chunked twice", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400),
        (
            "chunked in two fields",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400
        ),
        ("chunked with a tail", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked;a=b\r\n\r\n", 400),
        ("no coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n", 400),
        (
            "a coding behind a vertical tab", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n",
            400
        ),
        ("another coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        ("an unknown coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
        ("chunked before HTTP/1.1", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("a continued line", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400),
        ("a space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        ("a line that ends within the version", "GET / HTTP/\r\n\r\n", 400),
        ("a version without its point", "GET / HTTP/11\r\n", 400),
        ("no name", "GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n", 400),
        ("no colon", "GET / HTTP/1.1\r\nHost: h\r\nabc\r\n\r\n", 400),
        ("a bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
        ("a bare LF after the first line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400),
        ("a bare LF at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
        ("a bare CR in a value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", 400),
        ("a zero byte in a value", "GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n", 400),
        ("two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("a tab between words", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("a fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("a fragment behind a query", "GET /a?c#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("a target that is no path", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("an asterisk for a page", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("no host", "GET / HTTP/1.1\r\nAccept: x\r\n\r\n", 400),
        ("two hosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
        ("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("a list of hosts", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
        ("a host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        ("a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("another host in the target", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", 400),
        ("another scheme", "GET ftp://b/ HTTP/1.1\r\nHost: b\r\n\r\n", 400),
        ("a method with a bracket", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("the first bytes of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}", 400),
        ("two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505),
        ("a version in small letters", "GET / http/1.1\r\nHost: h\r\n\r\n", 400),
        ("no version", "GET /\r\nHost: h\r\n\r\n", 400),
        ("an unknown expectation", "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", 417),
    ])
    func isRefused(_ name: String, _ request: String, _ status: Int) {
        guard case .bad(let fault) = ReadRequest(request).outcome else {
            Issue.record("\(name) was not refused")
            return
        }
        #expect(fault.status == status, "\(name)")
    }

    @Test(arguments: [
        "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET http://h/a HTTP/1.1\r\nHost: H\r\n\r\n",
        "GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX: ünï\tcode \r\n\r\n",
        "M-SEARCH / HTTP/1.1\r\nHost: h\r\nE:\r\n\r\n",
    ])
    func isAccepted(_ request: String) { #expect(ReadRequest(request).outcome == .complete) }

    @Test func anAbsoluteTargetIsTakenApart() {
        let read = ReadRequest("GET http://h:1/a?b HTTP/1.1\r\nHost: h:1\r\n\r\n")
        #expect(read.text(read.head.path) == "/a")
        #expect(read.text(read.head.query) == "?b")
        let bare = ReadRequest("GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(bare.text(bare.head.path) == "")
        #expect(bare.text(bare.head.query) == "?b")
    }

    /// All bytes in all places of a word, against the definition written out.
    @Test func namesAndValuesTakeExactlyTheirCharacters() {
        let token = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var wrong: [String] = []
        for byte in UInt8.min...UInt8.max where byte != 58 {
            for place in 0..<17 {
                var name = Array("x-a-name-like-it0".utf8)
                name[place] = byte
                let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\n".utf8) + name + Array(": v\r\n\r\n".utf8)
                var head = RequestHead()
                let isGood = head.parse(bytes.span, limits: HeadLimits()) == .complete
                if isGood != token.contains(byte) { wrong.append("\(byte) at \(place) of a name") }
            }
        }
        for byte in UInt8.min...UInt8.max {
            for place in 0..<70 {
                var value = Array(
                    "a value of seventy bytes, to be looked at thirty-two and sixteen at a time".utf8.prefix(70))
                value[place] = byte
                let bytes = Array("GET / HTTP/1.1\r\nHost: h\r\nX: ".utf8) + value + Array("\r\n\r\n".utf8)
                var head = RequestHead()
                let isGood = head.parse(bytes.span, limits: HeadLimits()) == .complete
                if isGood != (byte == 9 || (byte >= 32 && byte != 127)) {
                    wrong.append("\(byte) at \(place) of a value")
                }
            }
        }
        #expect(wrong == [])
    }

    @Test(arguments: [
        ("%2Frun%2fa.sock", true), ("a%41b:80", true), ("%", false), ("%2", false), ("%2g", false), ("a%2", false),
        ("%2f@h", false), ("[%2f]", false),
    ])
    func aHostHasEscapesOnlyWhereSocketsAreFiles(_ host: String, isGood: Bool) {
        let bytes = Array("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
        var head = RequestHead()
        var limits = HeadLimits()
        #expect(head.parse(bytes.span, limits: limits) == .bad(.malformed))
        limits.takesEscapedHosts = true
        #expect(head.parse(bytes.span, limits: limits) == (isGood ? .complete : .bad(.malformed)))
    }

    @Test func limitsAreKept() {
        var limits = HeadLimits()
        (limits.bytes, limits.target, limits.fields) = (200, 20, 3)
        func status(_ request: String) -> Int? {
            var head = RequestHead()
            guard case .bad(let fault) = head.parse(Array(request.utf8).span, limits: limits) else { return nil }
            return fault.status
        }
        let long = String(repeating: "a", count: 200)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d\r\n\r\n") == nil)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d\r\nE: f\r\n\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: \(long)\r\n\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: \(long)") == 431)
        #expect(status("GET /\(long.prefix(30)) HTTP/1.1\r\nHost: h\r\n\r\n") == 414)
    }

    @Test func aHeadReadIntoAnOldOneLeavesNothingOfIt() {
        var head = RequestHead()
        let first = Array(
            "POST /%41?q HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close, x\r\nCookie: a\r\n\r\n".utf8)
        let before = head.parse(first.span, limits: HeadLimits())
        let second = Array("GET /b HTTP/1.1\r\nHost: i\r\n\r\n".utf8)
        let after = head.parse(second.span, limits: HeadLimits())
        #expect(before == .complete && after == .complete)
        #expect(head.query.isEmpty && !head.isPathDelicate && head.body == .none && head.keepsAlive)
        #expect(head.fields.markCount == 1 && !head.fields.hasCookie && head.fields.contentLength == nil)
    }

    @Test func connectionSaysWhatBecomesOfIt() {
        #expect(ReadRequest("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n").keepsAlive == false)
        #expect(ReadRequest("GET / HTTP/1.0\r\n\r\n").keepsAlive == false)
        #expect(ReadRequest("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keepsAlive)
        let upgrade = "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        #expect(ReadRequest(upgrade + "\r\n").wantsUpgrade)
        #expect(ReadRequest("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n").wantsUpgrade == false)
        let read = ReadRequest("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nConnection: x-a,, X-B\r\n\r\n")
        #expect(read.names(Slice(25, 28)) && !read.names(Slice(16, 20)))
    }
}

/// A head with its bytes: an object, since expectations cannot take what cannot be copied.
private final class ReadRequest {
    var head = RequestHead()
    let bytes: [UInt8]
    let outcome: HeadOutcome

    init(_ request: String) {
        let bytes = Array(request.utf8)
        self.bytes = bytes
        outcome = head.parse(bytes.span, limits: HeadLimits())
    }

    var keepsAlive: Bool { head.keepsAlive }
    var wantsUpgrade: Bool { head.wantsUpgrade }
    func names(_ slice: Slice) -> Bool {
        let bytes = bytes
        return head.fields.names(bytes.span, slice)
    }
    func text(_ slice: Slice) -> String { String(decoding: bytes[slice.range], as: UTF8.self) }
}

/// Wherever it stands, however much is before and behind it, and nothing but it.
@Test func aPairIsFoundInEveryPlace() {
    var wrong: [String] = []
    for count in [0, 1, 2, 15, 16, 17, 18, 33, 34, 50, 70] {
        let alternating = (0..<count).map { UInt8(ascii: $0 % 2 == 0 ? "r" : "a") }
        if hasPair(114, 114, in: 0..<count, alternating.span) { wrong.append("none in \(count)") }
        for place in 0..<max(0, count - 1) {
            var bytes = Array(repeating: UInt8(ascii: "x"), count: count + 1)
            (bytes[place], bytes[place + 1]) = (114, 114)
            if !hasPair(114, 114, in: 0..<count, bytes.span) { wrong.append("\(place) of \(count)") }
            if hasPair(114, 114, in: 0..<place + 1, bytes.span) { wrong.append("first half, \(place) of \(count)") }
            if hasPair(114, 114, in: place + 1..<count, bytes.span) { wrong.append("last half, \(place) of \(count)") }
        }
    }
    #expect(wrong == [])
}

/// The names that a proxy must understand are found in any case of letters, whatever stands around them.
@Test(arguments: [
    "te", "host", "date", "cookie", "expect", "origin", "upgrade", "trailer", "connection", "keep-alive",
    "authorization", "x-forwarded-for", "x-orrery-person", "x-orrery-session", "proxy-connection",
    "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "proxy-authenticate", "proxy-authorization",
])
func everyNameOfOursIsFound(_ name: String) {
    for spelling in [name, name.uppercased()] {
        var head = RequestHead()
        let value = name == "expect" ? "100-continue" : "one"
        let own = name == "host" ? "" : "Host: h\r\n"
        let text = "GET / HTTP/1.1\r\n\(own)\(spelling): \(value)\r\nAccept: text/html,application/json\r\n\r\n"
        #expect(head.parse(Array(text.utf8).span, limits: HeadLimits()) == .complete, "\(spelling)")
        #expect(head.fields.markCount == (own.isEmpty ? 1 : 2), "\(spelling)")
    }
}
