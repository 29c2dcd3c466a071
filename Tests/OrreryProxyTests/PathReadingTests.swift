import OrreryWire
import Testing

@testable import OrreryProxy

/// Paths that can be read in several ways.
struct PathReadingTests {
    @Test(arguments: [
        ("/user/ada/files/a%2Fb", "/user/ada"), ("/user/ada/files/a%5Cb", "/user/ada"), ("/user/%61da/x", "/user/ada"),
        ("/user/b%40r/x", "/user/b@r"), ("/user/b@r/x", "/user/b@r"), ("/user/ada//x", "/user/ada"),
        ("/user/ada/...", "/user/ada"), ("/user/ada/%2e%2e%2e", "/user/ada"), ("/hub/a%20b", "/"),
        ("/user/ada/100%25", "/user/ada"), ("/user/ada/%252e%252e/x", "/user/ada"), ("/user/ada;v=1", "ambiguous"),
        ("/user/ada/x;v=1/y", "/user/ada"), ("/user/ada/a%3bb", "/user/ada"), ("/user/ada/.hidden", "/user/ada"),
        ("/user/%E7%A7%80%E6%A8%B9/", "/user/秀樹"), ("/user/%e7%a7%80%e6%a8%b9/", "/user/秀樹"), ("/user/秀樹", "/user/秀樹"),
        ("/user/a%20b~c", "/user/a b~c"), ("/user/a%20b%7Ec/", "/user/a b~c"), ("/user/a+b~c", "/"),
        ("/user/caf%C3%A9", "/user/café"), ("/user/cafe%CC%81", "/"), ("//hub/x", "/"),
    ])
    func isServed(_ path: String, _ expected: String) throws {
        let book = try Self.book(["/", "/user/ada", "/user/b@r", "/user/秀樹", "/user/a b~c", "/user/caf\u{e9}"])
        #expect(read(path, book) == expected)
    }

    @Test(arguments: [
        "/user/ada/../bob", "/user/ada/%2e%2e/bob", "/user/ada/.%2E/bob", "/user/ada/..%2fbob", "/user/ada/..%5cbob",
        "/user/ada/..\\bob", "/hub/..%2fuser/ada", "/user%2fada", "/user%5cada/x", "/user\\ada", "//user/ada",
        "/./user/ada", "/user//ada/", "/user/ada/%", "/user/ada/%2", "/user/ada/%zz", "/user/ada/%00", "/user/ada/.",
        "/..", "/user/ada/..;/bob", "/user/ada/..;x=1/bob", "/user/ada/..%3b/bob", "/user/ada;/x", "/user;x/ada",
        "/;x/user/ada", "/user/ada/.;", "/user/ada/%c0%af", "/user/ada/%ff", "/user/ada/%ED%A0%80", "/user/ada/%0a",
        "/user/ada/%7F", "/user/ada/..%2f;", "/us%0aer/ada",
    ])
    func isRefused(_ path: String) throws {
        let book = try Self.book(["/", "/user", "/user/ada", "/user/bob"])
        #expect(read(path, book) == "ambiguous")
    }

    @Test func rawBytesThatAreNoTextAreRefused() throws {
        let book = try Self.book(["/"])
        var reading = PathReading()
        let bytes: [UInt8] = [UInt8(ascii: "/"), 0xc0, 0xaf]
        guard case .ambiguous = reading.route(for: bytes.span, in: book.snapshot()) else {
            Issue.record("bytes that are no UTF-8 were routed")
            return
        }
    }

    /// Whatever is served must be served by the same route under every reading, and what has only one reading must be
    /// served: compared with a slow reader that takes paths apart into lists of segments.
    @Test func randomPathsAreRoutedAsEveryReaderWouldRouteThem() throws {
        var random = Random(state: 20_261_121)
        var (served, refused) = (0, 0)
        var wrong: [String] = []
        for _ in 0..<40 {
            var keys = ["/"].filter { _ in random.next(3) > 0 }
            for _ in 0..<random.next(6) { keys.append(random.path(of: ["a", "b", "..", "é", "a b", ""], upTo: 3)) }
            let book = try Self.book(keys.filter { RouteKey($0) != nil })
            let reader = SlowReader(keys: book.all().map(\.key.text))
            for _ in 0..<200 {
                let path = random.nastyPath()
                let expected = reader.route(for: path)
                if expected == "ambiguous" { refused += 1 } else { served += 1 }
                if read(path, book) != expected { wrong.append("\(path) among \(book.all().map(\.key.text))") }
            }
        }
        #expect(wrong == [])
        #expect(served > 800 && refused > 800, "a test of one kind of paths shows little")
    }

    @Test(
        arguments: [
            ("/a/b/x", 2, "/x"), ("/a/b", 2, ""), ("/a/b/", 2, "/"), ("/%61/b%40/x?y", 2, "/x?y"), ("/x", 0, "/x"),
            ("/a//x", 1, "//x"), ("/%E7%A7%80/x%2Fy", 1, "/x%2Fy"), ("", 0, ""), ("/", 0, "/"),
        ] as [(String, Int, String)])
    func aPrefixIsLeftOutBySegments(_ path: String, _ segments: Int, _ rest: String) {
        let bytes = Array(path.utf8)
        let length = PathReading.length(of: segments, in: bytes.span)
        #expect(String(decoding: bytes[length...], as: UTF8.self) == rest)
    }

    // MARK: Hosts

    @Test(
        arguments: [
            ("h.example", "/x", "/"), ("a.example", "/x", "/a.example"), ("A.EXAMPLE", "/x", "/a.example"),
            ("a.example:8000", "/", "/a.example"), ("a.example.", "", "/a.example"),
            ("a.example.:80", "/user/ada/lab", "/a.example/user/ada"),
            ("a.example", "/user/%61da", "/a.example/user/ada"),
            ("a.example", "/USER/ada", "/a.example"), ("[::1]:8000", "/x", "/[::1]"), ("[::1]", "/x", "/[::1]"),
            ("10.0.0.1", "/x", "/10.0.0.1"), ("10.0.0.1:80", "/x", "/10.0.0.1"), ("", "/a.example/x", "/"),
            ("h", "/a.example/user/ada", "/"), ("a.example", "/user%2fada", "ambiguous"),
            ("a.example", "//user/ada", "ambiguous"), ("a.example", "/..", "ambiguous"), (":80", "/x", "/"),
            ("", "/../x", "ambiguous"), (".", "/../x", "ambiguous"), (".:80", "/%zz", "ambiguous"),
            ("", "/a%00", "ambiguous"),
        ])
    func theHostIsPartOfTheKey(_ host: String, _ path: String, _ expected: String) throws {
        let keys = ["/", "/A.example", "/a.example/user/ada", "/[::1]", "/10.0.0.1"]
        let book = try Self.book(keys, byHost: true)
        var reading = PathReading()
        let (path, host) = (Array(path.utf8), Array(host.utf8))
        let outcome = reading.route(for: path.span, at: host.span, in: book.snapshot())
        #expect(name(outcome, book) == expected)
    }

    @Test func theHostIsNoSegmentOfThePath() throws {
        let book = try Self.book(["/", "/a.example", "/a.example/user/ada", "/a.example/hub"], byHost: true)
        for (key, segments, isHub) in [
            ("/", 0, true), ("/a.example", 0, false), ("/a.example/user/ada", 2, false), ("/a.example/hub", 1, true),
        ] {
            let bytes = Array(key.utf8)
            let match = book.snapshot().route(for: bytes.span)
            #expect(match?.segments == segments && match?.isHub == isHub && match?.prefix == key.utf8.count)
        }
    }

    // MARK: Support

    static func book(_ keys: [String], byHost: Bool = false) throws -> RouteBook {
        let book = RouteBook(byHost: byHost)
        for (number, key) in keys.enumerated() {
            let target = try #require(Target("http://127.0.0.1:\(number + 1)"))
            #expect(book.set(try #require(RouteKey(key)), to: target, address: target.resolve(), members: [], at: 1))
        }
        return book
    }

    private func read(_ path: String, _ book: RouteBook) -> String? {
        var reading = PathReading()
        let bytes = Array(path.utf8)
        return name(reading.route(for: bytes.span, in: book.snapshot()), book)
    }

    private func name(_ outcome: PathReading.Outcome, _ book: RouteBook) -> String? {
        switch outcome {
        case .ambiguous: "ambiguous"
        case .route(let match): book.all().first { $0.route.activity == match?.activity }?.key.text
        }
    }
}

/// Numbers that are the same in every run.
private struct Random {
    var state: UInt64

    mutating func next(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(limit))
    }

    mutating func path(of words: [String], upTo count: Int) -> String {
        (0...next(count)).map { _ in "/" + words[next(words.count)] }.joined()
    }

    /// Segments of all keys, in every disguise.
    mutating func nastyPath() -> String {
        let words = [
            "a", "b", "%61", "%C3%A9", "é", "%c3%a9", "a%20b", "", "..", ".", "%2e", ".%2E", "a;x", ";", "%3b", "..;",
            "%2f",
            "%5C", "\\", "a%2fb", "%", "%00", "%ff", "a\\b", "%25", "x",
        ]
        let separators = ["/", "/", "/", "/", "//", "%2f", "\\", "%5c", ""]
        var path = ""
        for _ in 0...next(4) { path += separators[next(separators.count)] + words[next(words.count)] }
        return "/" + path.drop { $0 == "/" && next(4) > 0 }
    }
}

/// Routes a path by taking it apart in all sixteen ways, each as a list of segments.
private struct SlowReader {
    let keys: [[String]]

    init(keys: [String]) { self.keys = keys.map { $0 == "/" ? [] : Self.split($0) } }

    func route(for path: String) -> String? {
        var routes: Set<String?> = []
        for habits in 0..<16 {
            guard
                let segments = Self.segments(
                    path, decodesFirst: habits & 1 > 0, turnsBackslashes: habits & 2 > 0, drops: habits & 4 > 0,
                    merges: habits & 8 > 0)
            else { return "ambiguous" }
            let best = keys.filter { segments.starts(with: $0) { $0.utf8.elementsEqual($1.utf8) } }
                .max { $0.count < $1.count }
            routes.insert(best.map { "/" + $0.joined(separator: "/") })
        }
        return routes.count == 1 ? routes.first ?? nil : "ambiguous"
    }

    private static func split(_ path: String) -> [String] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    private static func segments(
        _ path: String, decodesFirst: Bool, turnsBackslashes: Bool, drops: Bool, merges: Bool
    ) -> [String]? {
        guard var path = decodesFirst ? decoded(path) : path else { return nil }
        if turnsBackslashes { path = path.replacing("\\", with: "/") }
        var segments = split(path)
        if drops { segments = segments.map { String($0.prefix { $0 != ";" }) } }
        if merges { segments = segments.filter { !$0.isEmpty } }
        if !decodesFirst {
            let whole = segments.compactMap(decoded)
            guard whole.count == segments.count else { return nil }
            segments = whole
        }
        return segments.contains(".") || segments.contains("..") ? nil : segments
    }

    private static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else {
                    return nil
                }
                rest = rest.dropFirst(2)
                guard value >= 32, value != 127 else { return nil }
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
