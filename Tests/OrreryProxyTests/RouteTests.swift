import OrreryWire
import Testing

@testable import OrreryProxy

struct RouteTests {
    @Test(
        arguments: [
            ("/not/found", nil), ("/1/etc/etc/", "/1"), ("/a", nil), ("/a/b/c", nil), ("/a/b/c/d/e/f", "/a/b/c/d"),
            ("/a/b/d", "/a/b/d"), ("/b/c/d/word", "/b/c/d"), ("/b/c/dword", "/b/c"), ("/b/", "/b"), ("/b", "/b"),
            ("/bc", nil), ("/", nil), ("", nil), ("//b", nil),
        ] as [(String, String?)])
    func theLongestPrefixOfWholeSegmentsWins(_ path: String, _ expected: String?) throws {
        let book = try self.book(["/1", "/2", "/a/b/c/d", "/a/b/d", "/a/b/e", "/b", "/b/c", "/b/c/d"])
        #expect(found(path, book) == expected)
    }

    @Test func aRouteGoesAndTheOneAboveServes() throws {
        let book = try self.book(["/", "/b", "/b/c"])
        let key = try #require(RouteKey("/b"))
        #expect(book.remove(key) && !book.remove(key))
        #expect(found("/b/x", book) == "/")
        #expect(found("/b/c/x", book) == "/b/c")
        #expect(found("", book) == "/")
    }

    /// Changes go to a small table until that is full; both sides of that border must look the same.
    @Test func manyRoutesAndTheirRemovalAreAllSeen() throws {
        let book = try self.book((0..<1100).map { "/user/u\($0)" })
        for number in stride(from: 0, to: 1100, by: 5) { _ = book.remove(try #require(RouteKey("/user/u\(number)"))) }
        let snapshot = book.snapshot()
        var wrong: [Int] = []
        for number in 0..<1100 {
            let path = Array("/user/u\(number)/lab".utf8)
            let port = snapshot.route(for: path.span)?.endpoint?.address.port
            if port != (number % 5 == 0 ? nil : UInt16(number + 1)) { wrong.append(number) }
        }
        #expect(wrong == [])
        #expect(book.all().count == 880)
    }

    @Test func keysAreTheSameWhenTheirBytesAre() throws {
        let book = try self.book(["/caf\u{e9}", "/cafe\u{301}"])
        #expect(book.all().count == 2)
        #expect(found("/caf\u{e9}/x", book)?.utf8.count == 6 && found("/cafe\u{301}/x", book)?.utf8.count == 7)
    }

    @Test func keysHaveOneForm() {
        #expect(RouteKey(escaped: "/user/ada%40x/")?.text == "/user/ada@x")
        #expect(RouteKey(escaped: "")?.text == "/")
        #expect(RouteKey(escaped: "/")?.text == "/")
        #expect(RouteKey("user")?.text == "/user")
        #expect(RouteKey(escaped: "/%E7%A7%80")?.text == "/秀")
        #expect(RouteKey(escaped: "/a//")?.text == "/a" && RouteKey(escaped: "//")?.text == "/")
        #expect(RouteKey("/a/.../..b")?.text == "/a/.../..b")
    }

    @Test(
        arguments: [
            ("/%", .badEscape), ("/%zz", .badEscape), ("/%ff", .badEscape), ("/a/../b", .dotSegment),
            ("/a/%2e%2e/b", .dotSegment), ("/.", .dotSegment), ("/a%00", .badByte), ("/a%5cb", .badByte),
            ("/a%0a", .badByte), ("/a%3bb", .badByte), ("//a", .emptySegment), ("/a//b", .emptySegment),
            ("/a%2F%2Fb", .emptySegment), ("/" + String(repeating: "x", count: 1024), .long),
        ] as [(String, RouteKey.Fault)])
    func aKeyThatNoRequestCouldHaveIsNone(_ path: String, _ fault: RouteKey.Fault) {
        #expect(throws: fault) { try RouteKey(readingEscaped: path) }
        #expect(RouteKey(escaped: path) == nil)
    }

    @Test(
        arguments: [
            ("http://10.0.0.1:8888", .tcp(host: "10.0.0.1", port: 8888), ""),
            ("http://hub", .tcp(host: "hub", port: 80), ""), ("http://h:1/base/", .tcp(host: "h", port: 1), "/base"),
            ("http://h?q", .tcp(host: "h", port: 80), ""), ("http://h/b/?q/", .tcp(host: "h", port: 80), "/b"),
            ("http://[::1]:8081/", .tcp(host: "::1", port: 8081), ""),
            ("https://hub", .tls(host: "hub", port: 443), ""), ("HTTPS://hub", .tls(host: "hub", port: 443), ""),
            ("Http://h:0081", .tcp(host: "h", port: 81), ""),
            ("HTTP+Unix://%2Frun%2Fhub.sock", .unix(path: "/run/hub.sock"), ""),
            ("https://10.0.0.1:8443/b", .tls(host: "10.0.0.1", port: 8443), "/b"),
            ("unix:/run/hub.sock", .unix(path: "/run/hub.sock"), ""),
            ("http+unix://%2Frun%2Fhub.sock", .unix(path: "/run/hub.sock"), ""),
            ("unix+http://%2frun%2fhub%20x.sock/b/", .unix(path: "/run/hub x.sock"), "/b"),
            ("cluster:north/pod-1:8888", .cluster(name: "north", pod: "pod-1", port: 8888), ""),
            ("cluster:north/0d1f:1/b", .cluster(name: "north", pod: "0d1f", port: 1), "/b"),
        ] as [(String, Target.Place, String)])
    func targetsAreUnderstood(_ text: String, _ place: Target.Place, _ path: String) {
        #expect(Target(text)?.place == place && Target(text)?.path == path)
    }

    @Test(
        arguments: [
            ("", .unknownScheme), ("nonsense", .unknownScheme), ("ftp://h", .unknownScheme), ("http:h", .noSlashes),
            ("unix:run", .badSocket), ("unix:", .badSocket), ("http+unix://run", .badSocket),
            ("http+unix://%2Frun%00", .badSocket), ("unix:/" + String(repeating: "x", count: 107), .badSocket),
            ("cluster:north", .badCluster), ("cluster:/pod:1", .badCluster), ("cluster:north/pod", .badCluster),
            ("cluster:north/pod:0", .badPort), ("cluster:north/pod:+1", .badPort), ("cluster:no rth/pod:1", .badByte),
            ("http://", .noHost), ("http://:80", .noHost), ("http://h:0", .badPort), ("http://h:x", .badPort),
            ("http://h:99999", .badPort), ("http://h:+80", .badPort), ("http://h:-1", .badPort),
            ("http://h:", .badPort),
            ("http://a:secret@b", .user), ("http://h/a b", .badByte), ("http://h/\r\n", .badByte),
            ("http://::1:80", .noBrackets), ("http://a%20b", .badHost),
            ("http://" + String(repeating: "h", count: 256), .badHost),
            ("http://h/" + String(repeating: "x", count: 1024), .longPath),
            ("http://h/" + String(repeating: "x", count: 2040), .long),
        ] as [(String, Target.Fault)])
    func otherTargetsAreRefusedAndToldWhy(_ text: String, _ fault: Target.Fault) {
        #expect(throws: fault) { try Target(reading: text) }
        #expect(Target(text) == nil && !"\(fault)".contains("secret"))
    }

    // MARK: Activity

    @Test func activityOfARouteThatWasReplacedIsForgotten() throws {
        let activity = ActivityBook()
        let first = try #require(activity.open(at: 100))
        activity.notes.note(first, at: 50)
        #expect(activity.last(first) == 100, "time does not go back")
        activity.notes.note(first, at: 150)
        #expect(activity.last(first) == 150)
        activity.close(first)
        let second = try #require(activity.open(at: 200))
        #expect(second.index == first.index)
        activity.notes.note(first, at: 300)
        #expect(activity.last(second) == 200, "a note of the old route counts for the new one")
    }

    // MARK: Support

    private func book(_ keys: [String]) throws -> RouteBook { try PathReadingTests.book(keys) }

    private func name(_ match: RouteMatch?, _ book: RouteBook) -> String? {
        book.all().first { $0.route.activity == match?.activity }?.key.text
    }

    private func found(_ path: String, _ book: RouteBook) -> String? {
        let bytes = Array(path.utf8)
        let match = book.snapshot().route(for: bytes.span)
        return name(match, book)
    }
}
