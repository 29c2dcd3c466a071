import Glibc
import OrreryWire
import Synchronization
import Testing

@testable import OrreryProxy

/// What is written down about a request, and how it gets to its file.
struct AccessLogTests {
    private static let browser =
        "GET /user/ada/lab?token=secret HTTP/1.1\r\nHost: h\r\nUser-Agent: Mozilla/5.0 (X11)\r\nConnection: keep-alive\r\nCookie: a=secret\r\n\r\n"

    private func line(_ format: AccessFormat, _ request: String = browser, _ answer: String = Sample.ok) throws
        -> String
    {
        let rig = try Rig(accessLog: format)
        rig.kernel.moment.wall = 1_795_255_787_546
        let client = rig.client()
        rig.send(client, request)
        rig.pass(.milliseconds(12))
        rig.send(try rig.upstream(), answer)
        return try #require(rig.lines().first)
    }

    // MARK: Lines

    @Test func aLineIsWhatItsFormatSays() throws {
        let sent = Sample.answered.utf8.count
        let (common, short, json) = (try line(.common), try line(.short), try line(.json))
        #expect(
            common
                == #"192.0.2.7 - - [21/Nov/2026:10:09:47 +0000] "GET /user/ada/lab HTTP/1.1" 200 \#(sent) "-" "Mozilla/5.0 (X11)""#
        )
        #expect(short == "2026-11-21T10:09:47.546Z 200 GET /user/ada/lab 12ms \(sent)B 10.0.0.2:8888 -")
        #expect(
            json
                == #"{"time":"2026-11-21T10:09:47.546Z","client":"192.0.2.7","person":"","method":"GET","path":"/user/ada/lab","protocol":"HTTP/1.1","status":200,"received":\#(Self.browser.utf8.count),"sent":\#(sent),"seconds":0.012,"first_byte":0.012,"upstream":"10.0.0.2:8888","agent":"Mozilla/5.0 (X11)"}"#
        )
    }

    @Test(arguments: AccessFormat.allCases) func nothingSecretIsWritten(_ format: AccessFormat) throws {
        #expect(try !line(format).contains("secret"))
    }

    @Test func nothingOfARequestEndsAString() throws {
        let request = "GET /user/ada/a HTTP/1.1\r\nHost: h\r\nUser-Agent: \"x\\\t\u{e9}\r\n\r\n"
        #expect(try line(.common, request).hasSuffix(#""\x22x\x5c\x09\xc3\xa9""#))
        #expect(try line(.json, request).hasSuffix(#""agent":"\u0022x\u005c\u0009\u00c3\u00a9"}"#))
    }

    @Test func longPathsAreCut() throws {
        let path = "/user/ada/" + String(repeating: "x", count: 1000)
        let line = try line(.short, "GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(line.contains(" " + path.prefix(256) + "... "))
    }

    @Test func everyExchangeHasOneLine() throws {
        let rig = try Rig(accessLog: .short)
        let client = rig.client()
        rig.send(client, Sample.get + "GET /hub/ HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.send(try rig.upstream(), Sample.ok)
        rig.send(try rig.upstream(), Sample.ok)
        rig.send(client, "GET /_chp_healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.send(client, "GET /user/ada/.. HTTP/1.1\r\nHost: h\r\n\r\n")
        rig.end(client)
        let lines = rig.lines().map { $0.split(separator: " ")[1...3].joined(separator: " ") }
        #expect(lines == ["200 GET /user/ada/lab", "200 GET /hub/", "400 GET /user/ada/.."])
        let nonsense = rig.client()
        rig.send(nonsense, "nonsense\r\n\r\n")
        #expect(rig.lines().first?.contains(" 400 - - ") == true)
    }

    @Test func whoLeavesHasALineToo() throws {
        let rig = try Rig(accessLog: .short)
        let client = rig.client()
        rig.send(client, Sample.get)
        rig.fail(client)
        #expect(rig.lines().first?.contains(" 499 GET /user/ada/lab ") == true)
        let socket = rig.client()
        rig.send(socket, Sample.upgrade)
        rig.send(try rig.upstream(), Sample.switching)
        rig.pass(.seconds(10))
        rig.send(socket, "hello")
        #expect(rig.lines().isEmpty)
        rig.end(socket)
        rig.end(try rig.upstream())
        #expect(rig.lines().first?.contains(" 101 GET /user/ada/ws 10000ms ") == true)
    }

    @Test func linesThatDoNotFitAreDroppedAndCounted() throws {
        let rig = try Rig(accessLog: .json)
        let client = rig.client()
        let request = "GET /user/ada/\(String(repeating: "x", count: 300)) HTTP/1.1\r\nHost: h\r\n\r\n"
        var count = 0
        while rig.shared.metrics.value(.linesDropped) == 0, count < 5_000 {
            rig.send(client, request)
            rig.send(try rig.upstream(), Sample.ok)
            count += 1
        }
        #expect(rig.shared.metrics.value(.linesDropped) == 1)
        #expect(rig.shared.metrics.value(.linesWritten) == UInt64(count - 1) && rig.lines().count == count - 1)
    }

    // MARK: Rings

    @Test func aRingGivesBackWhatWasPutIn() {
        let ring = LineRing(capacity: 64)
        var (expected, taken): ([UInt8], [UInt8]) = ([], [])
        for round in 0..<1000 {
            var line = Buffer(capacity: 64)
            for byte in 0..<(round * 7 % 40 + 1) { line.append(UInt8(truncatingIfNeeded: round + byte)) }
            if ring.append(line) { line.read { for index in 0..<$0.count { expected.append($0[index]) } } }
            if round % 3 == 0 { unsafe ring.take { unsafe taken.append(contentsOf: $0) } }
        }
        unsafe ring.take { unsafe taken.append(contentsOf: $0) }
        #expect(expected == taken && expected.count > 5_000)
    }

    // MARK: Files

    private static func text(_ path: String) -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let file = unsafe open(path, O_RDONLY)
        defer { close(file) }
        let count = unsafe read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test func aFileThatIsRotatedIsLeftToWhoeverMovedIt() throws {
        let path = "/tmp/orrery-access-\(getpid())-\(UInt64.random(in: 0 ... .max)).log"
        defer { for name in [path, path + ".1"] { unsafe unlink(name) } }
        do {
            let proxy = try RunningProxy { $0.accessLog = .init(format: .short, path: path) }
            let client = try proxy.client()
            client.send("GET /first HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = client.answer()
            #expect(eventually { Self.text(path).contains(" 404 GET /first ") })
            let isMoved = unsafe rename(path, path + ".1") == 0
            #expect(isMoved)
            proxy.server.reload()
            #expect(eventually { unsafe access(path, F_OK) == 0 })
            client.send("GET /second HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = client.answer()
        }
        // What was there at the end is written before the server has ended.
        #expect(Self.text(path).contains(" 404 GET /second ") && !Self.text(path + ".1").contains("/second"))
    }

    @Test func aPipeThatNobodyReadsDoesNotKeepTheServer() throws {
        let path = "/tmp/orrery-access-\(getpid())-\(UInt64.random(in: 0 ... .max)).pipe"
        let isMade = unsafe mkfifo(path, 0o600) == 0
        #expect(isMade)
        defer { unsafe unlink(path) }
        let reader = unsafe open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        var configuration = ProxyConfiguration()
        configuration.listener = .init(host: "127.0.0.1", port: 0)
        configuration.api = .init(host: "127.0.0.1", port: 0)
        configuration.accessLog = .init(format: .short, path: path)
        configuration.logLevel = .error
        let server = try ProxyServer(configuration: configuration)
        let thread = LoopThread { server.run() }
        let client = try Stream(port: server.port)
        let request = "GET /\(String(repeating: "x", count: 200)) HTTP/1.1\r\nHost: h\r\n\r\n"
        // More lines than the 64 KiB of a pipe take.
        for _ in 0..<400 {
            client.send(request)
            #expect(client.answer().head.hasPrefix("HTTP/1.1 404 "))
        }
        server.stop()
        #expect(thread.join(within: .seconds(20)), "the writer keeps the server")
        // Lets the writer end, and with it the last hold on the pipe.
        var bytes = [UInt8](repeating: 0, count: 4096)
        #expect(eventually { unsafe read(reader, &bytes, bytes.count) == 0 })
    }

    @Test func aFileThatCannotBeWrittenIsAnErrorAtTheStart() {
        var configuration = ProxyConfiguration()
        configuration.accessLog = .init(format: .json, path: "/proc/none/log")
        #expect(throws: ProxyError.cannotWrite("/proc/none/log", SystemError(number: ENOENT))) {
            _ = try ProxyServer(configuration: configuration)
        }
    }
}
