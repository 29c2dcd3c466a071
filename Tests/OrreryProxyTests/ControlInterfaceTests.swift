import OrreryModel
import OrreryWire
import Testing

@testable import OrreryProxy

/// The REST interface as configurable-http-proxy's clients know it.
struct ControlInterfaceTests {
    private let shared = Shared(limits: ProxyLimits(), log: ProxyLog(level: .error), errorTarget: nil)
    private let control: ControlInterface

    init() { control = ControlInterface(shared: shared, token: Secret("sesame"), signals: []) }

    @Test func aRouteComesBackAsItWasPosted() {
        let body = #"{"target":"http://127.0.0.1:8888","user":"ada","jupyterhub":true,"n":[1,2.5,null,"a\"b\n"]}"#
        #expect(ask("POST", "/api/routes/user/ada%40x/", body) == ControlInterface.Answer(status: 201))
        let answer = ask("GET", "/api/routes/user/ada@x")
        #expect(answer.status == 200 && answer.type == "application/json")
        var object = JSONText.read(answer.body)?.object ?? [:]
        let activity = object.removeValue(forKey: "last_activity")?.string ?? ""
        #expect(JSON.object(object) == JSONText.read(Array(body.utf8)))
        #expect(Timestamp(activity) != nil && activity.utf8.count == 24)
        let list = JSONText.read(ask("GET", "/api/routes").body)?.object
        #expect(list?.keys.sorted() == ["/user/ada@x"])
        #expect(ask("DELETE", "/api/routes/user/ada@x").status == 204)
        #expect(ask("DELETE", "/api/routes/user/ada@x").status == 404)
        #expect(ask("GET", "/api/routes/user/ada@x").status == 404)
        #expect(text(ask("GET", "/api/routes/")) == "{}")
    }

    @Test func theRootRouteIsARouteLikeAnother() {
        #expect(ask("POST", "/api/routes", #"{"target":"http://h:1"}"#).status == 201)
        #expect(JSONText.read(ask("GET", "/api/routes").body)?["/"]?["target"]?.string == "http://h:1")
        #expect(ask("DELETE", "/api/routes").status == 400)
        #expect(ask("DELETE", "/api/routes/").status == 204)
    }

    @Test(arguments: [
        nil, "", "sesame", "token", "token open", "Token sesame", "token sesame x", "token sesam", "Bearer sesame",
    ])
    func whoeverLacksTheTokenIsRefused(_ authorization: String?) {
        for (method, path) in [("GET", "/api/routes"), ("POST", "/api/routes/x"), ("POST", "/api/logouts")] {
            let answer = control.answer(.init(method: method, path: path, authorization: authorization))
            #expect(answer == ControlInterface.Answer(status: 403))
        }
    }

    @Test(arguments: [
        ("POST", "/api/routes/x", "{", 400), ("POST", "/api/routes/x", "", 400), ("POST", "/api/routes/x", "null", 400),
        ("POST", "/api/routes/x", "{}", 400), ("POST", "/api/routes/x", #"{"target":1}"#, 400),
        ("POST", "/api/routes/x", #"{"target":"ftp://h"}"#, 400), ("POST", "/api/routes/x", "\u{0}\u{1}", 400),
        ("POST", "/api/routes/x", #"{"target":"http://h","access":[]}"#, 400),
        ("POST", "/api/routes/x", #"{"target":"http://h","access":"ada"}"#, 400),
        ("POST", "/api/routes/x", #"{"target":"http://h","access":["a",1]}"#, 400),
        ("POST", "/api/routes/x", #"{"target":"http://h","access":["a\nb"]}"#, 400),
        ("POST", "/api/routes/%zz", #"{"target":"http://h"}"#, 400), ("PUT", "/api/routes/x", "", 405),
        ("GET", "/api/other", "", 404), ("GET", "/api/routesx", "", 404), ("GET", "/", "", 404),
        ("GET", "/api/logouts", "", 405), ("POST", "/api/logouts", "{}", 400),
        ("POST", "/api/logouts", #"{"session-ids":[1]}"#, 400), ("POST", "/api/logouts", #"{"session-ids":[""]}"#, 400),
        ("POST", "/api/logouts", #"{"session-ids":["a"],"seconds":0}"#, 400),
        ("POST", "/api/logouts", #"{"session-ids":["a"],"seconds":99999999}"#, 400),
    ])
    func whatMakesNoSenseIsToldSo(_ method: String, _ path: String, _ body: String, _ status: Int) {
        #expect(ask(method, path, body).status == status)
        #expect(shared.routes.all().isEmpty && shared.logouts.snapshot().isEmpty)
    }

    @Test(arguments: [
        ("//dbl//s//", "two slashes"), ("/a/%2e%2e/b", "segment . or .."), ("/_chp_healthz/", "answers /_chp_healthz"),
        ("/.orrery/enter", "answers /.orrery/enter"),
    ])
    func aKeyThatNoRequestGetsToIsRefusedAndToldWhy(_ posted: String, _ reason: String) {
        let answer = ask("POST", "/api/routes" + posted, #"{"target":"http://127.0.0.1:1"}"#)
        #expect(answer.status == 400 && text(answer).contains(reason))
        #expect(shared.routes.all().isEmpty)
    }

    @Test func withHostsInTheKeysTheFirstSegmentIsOne() throws {
        func isRouted(_ key: String) throws -> Bool {
            let key = try #require(RouteKey(key))
            return (try? key.checkIsRouted(byHost: true)) != nil
        }
        #expect(try isRouted("/_chp_healthz") && isRouted("/h/.orrery") && isRouted("/"))
        #expect(try !isRouted("/h/_chp_healthz") && !isRouted("/h/.orrery/enter"))
    }

    /// Of a target it is said what is wrong and what would be right; the target, which may hold a password, is not repeated.
    @Test(arguments: [
        ("h:80", "it begins with no scheme that is known"), ("http://h:0", "its port is not a number from 1 to 65535"),
        ("http://u:secret@h", "it has an @, and no user or password is sent on"),
    ])
    func aTargetThatIsNoneIsExplained(_ target: String, _ problem: String) {
        let answer = text(ask("POST", "/api/routes/x", #"{"target":"\#(target)"}"#))
        let kinds = "http://host:port, https://host:port, unix:/path or cluster:name/pod:port"
        #expect(answer == "Not a target: \(problem); write \(kinds)")
    }

    @Test(arguments: [
        ("0", "0"), ("-7", "-7"), ("9007199254740993", "9007199254740993"), ("2.5", "2.5"), ("1e2", "100"),
        ("true", "true"), ("null", "null"), (#""秀樹 \u00e9 \ud83d\ude00""#, #""秀樹 é 😀""#),
        (#""\"\\\n\u0000""#, #""\"\\\u000a\u0000""#),
        (#"{"b":{"a":[1,[],{}]}}"#, #"{"b":{"a":[1,[],{}]}}"#), ("[1,\"a\",[false]]", "[1,\"a\",[false]]"),
    ])
    func everyFieldComesBackWithItsType(_ posted: String, _ returned: String) {
        #expect(ask("POST", "/api/routes/x", #"{"target":"http://127.0.0.1:1","f":\#(posted)}"#).status == 201)
        #expect(text(ask("GET", "/api/routes/x")).hasPrefix(#"{"f":\#(returned),"target":"#))
    }

    @Test func aLargeFieldComesBackWhole() {
        let large = String(repeating: "ü", count: 200_000)
        #expect(ask("POST", "/api/routes/x", #"{"target":"http://127.0.0.1:1","f":"\#(large)"}"#).status == 201)
        #expect(text(ask("GET", "/api/routes/x")).contains(large))
        for (depth, status) in [(127, 201), (128, 400), (100_000, 400)] {
            let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(ask("POST", "/api/routes/x", #"{"target":"http://127.0.0.1:1","f":\#(deep)}"#).status == status)
        }
    }

    /// What JupyterHub's own tests set, and what configurable-http-proxy's do.
    @Test(arguments: [
        ("/user/foo%40bar", "/user/foo@bar"), ("/has%20space/foo/", "/has space/foo"), ("/has/@/", "/has/@"),
        ("/user/%E7%A7%80%E6%A8%B9", "/user/秀樹"), ("/user/~TestJH", "/user/~TestJH"), ("/user/50fia", "/user/50fia"),
        ("/host.name/path/", "/host.name/path"), ("", "/"), ("/", "/"),
    ])
    func keysAreListedDecoded(_ posted: String, _ key: String) {
        #expect(ask("POST", "/api/routes" + posted, #"{"target":"http://127.0.0.1:1"}"#).status == 201)
        #expect(JSONText.read(ask("GET", "/api/routes").body)?.object?.keys.sorted() == [key])
        #expect(ask("DELETE", "/api/routes" + (posted.isEmpty ? "/" : posted)).status == 204)
        #expect(text(ask("GET", "/api/routes")) == "{}")
    }

    @Test func aMethodThatIsNotHereIsToldWhichAre() {
        for method in ["HEAD", "PUT", "PATCH", "OPTIONS"] {
            let answer = ask(method, "/api/routes")
            #expect(answer.status == 405 && answer.lines == ["Allow: GET, POST, DELETE"])
        }
    }

    @Test func whoMayPassIsFoundWithTheRoute() throws {
        #expect(ask("POST", "/api/routes/a", #"{"target":"http://127.0.0.1:1","access":["ada","b c"]}"#).status == 201)
        #expect(ask("POST", "/api/routes/b", #"{"target":"http://127.0.0.1:1"}"#).status == 201)
        let snapshot = shared.routes.snapshot()
        for (path, access) in [("/a/x", "ada\nb c"), ("/b/x", "")] {
            let bytes = Array(path.utf8)
            let found = snapshot.route(for: bytes.span)
            let match = try #require(found)
            var buffer = Buffer(capacity: 64)
            snapshot.append(match.access, of: match, to: &buffer)
            #expect(buffer.read { bytes in (0..<bytes.count).map { bytes[$0] } } == Array(access.utf8))
            #expect(match.prefix == 2 && match.segments == 1)
        }
    }

    @Test func routesNotUsedSinceAMomentAreListed() throws {
        let target = try #require(Target("http://127.0.0.1:1"))
        for (key, moment) in [("/old", 1_000), ("/new", 2_000_000_000_000)] as [(String, UInt64)] {
            let members = JSONText.members(["target": "http://127.0.0.1:1"])
            #expect(
                shared.routes.set(try #require(RouteKey(key)), to: target, address: nil, members: members, at: moment))
        }
        func listed(_ query: String) -> [String]? {
            let answer = control.answer(
                .init(method: "GET", path: "/api/routes", query: query, authorization: "token sesame"))
            return JSONText.read(answer.body)?.object?.keys.sorted()
        }
        #expect(listed("?inactive_since=2020-01-01T00:00:00Z") == ["/old"])
        #expect(listed("?inactiveSince=2099-01-01") == ["/new", "/old"])
        #expect(listed("?inactive_since=1970-01-01T00%3A00%3A01.000Z") == [])
        #expect(listed("") == ["/new", "/old"])
        #expect(listed("?inactive_since=endoftheuniverse") == nil)
    }

    @Test(
        arguments: [
            ("1970-01-01", 0), ("1970-01-01T00:00:00.001Z", 1), ("2026-11-21T10:09:47.546Z", 1_795_255_787_546),
            ("2026-11-21T11:09:47.5469+01:00", 1_795_255_787_546), ("2026-11-21T05:09-0500", 1_795_255_740_000),
            ("2024-02-29", 1_709_164_800_000), ("1969-12-31", -86_400_000),
            ("2026", 1_767_225_600_000), ("2026-11", 1_793_491_200_000), ("+002026-11-21", 1_795_219_200_000),
            ("-000001-01-01", -62_198_755_200_000), ("2026-11-21t10:09z", 1_795_255_740_000),
            ("2026-11-21 24:00", 1_795_305_600_000),
        ] as [(String, Int64)])
    func momentsAreRead(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        if milliseconds >= 0 {
            let written = ProxyLog.timestamp(UInt64(milliseconds))
            #expect(Timestamp(written)?.milliseconds == milliseconds)
        }
    }

    @Test(arguments: [
        "", "bad", "20", "2026-", "-2026-01-01", "-000000-01-01", "2026-13-01", "2026-1-1", "2026-01-01T",
        "2026-01-01T1:00", "2026-01-01Z",
        "2026-01-01T00:00:00.Z",
    ])
    func otherMomentsAreNot(_ text: String) { #expect(Timestamp(text) == nil) }

    @Test func logoutsAreKeptForTheirTime() {
        let before = Moment.now().wall
        #expect(ask("POST", "/api/logouts", #"{"session-ids":["a","b"],"seconds":10}"#).status == 204)
        #expect(shared.logouts.snapshot().contains(PrefixHash.of("a".utf8)))
        #expect(!shared.logouts.snapshot().contains(PrefixHash.of("c".utf8)))
        shared.logouts.forget(now: before + 9_000)
        #expect(shared.logouts.snapshot().contains(PrefixHash.of("b".utf8)))
        shared.logouts.forget(now: before + 60_000)
        #expect(shared.logouts.snapshot().isEmpty)
    }

    private func ask(_ method: String, _ path: String, _ body: String = "") -> ControlInterface.Answer {
        control.answer(.init(method: method, path: path, authorization: "token sesame", body: Array(body.utf8)))
    }

    private func text(_ answer: ControlInterface.Answer) -> String { String(decoding: answer.body, as: UTF8.self) }
}
