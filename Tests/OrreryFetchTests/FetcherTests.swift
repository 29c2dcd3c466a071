import FoundationEssentials
import Testing

@testable import OrreryFetch

@Suite struct FetcherTests {
    let fetcher = Fetcher()

    @Test func anAnswerHasStatusHeadersAndBody() async throws {
        let server = try ScriptedServer {
            $0.serve("404 Not Found", headers: ["X-Two: a", "x-two:b ", "Empty:"]) { _ in "nothing" }
        }
        let answer = try await fetcher.fetch(FetchRequest(url: server.url))
        #expect(answer.status == 404)
        #expect(answer.text == "nothing")
        #expect(answer.headers.all("X-TWO") == ["a", "b"])
        #expect(answer.headers["empty"] == "")
        #expect(answer.headers["missing"] == nil)
    }

    /// A thousand and one times the letter x.
    private static let packed = "H4sIAAAAAAACA6uoGAWjYBQMewAABxCOxekDAAA="

    @Test func aPackedAnswerIsUnpackedAndCountedAsItIsThen() async throws {
        let body = [UInt8](try #require(Data(base64Encoded: Self.packed)))
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                let encoding = request.contains("Accept-Encoding: gzip") ? "Content-Encoding: gzip\r\n" : ""
                connection.write("HTTP/1.1 200 OK\r\n\(encoding)Content-Length: \(body.count)\r\n\r\n")
                connection.write(body)
            }
        }
        var request = FetchRequest(url: server.url, bodyLimit: 1001)
        #expect(try await fetcher.fetch(request).body == body, "nobody asked for it unpacked")
        request.acceptsGzip = true
        #expect(try await fetcher.fetch(request).text == String(repeating: "x", count: 1001))
        request.bodyLimit = 1000
        await #expect(throws: FetchError.self) { try await fetcher.fetch(request) }
    }

    @Test func aConnectionForOneRequestIsNeitherTakenFromOthersNorKept() async throws {
        let closed = Counter()
        let server = try ScriptedServer {
            $0.serve { _ in "here" }
            closed.add()
        }
        let ordinary = FetchRequest(url: server.url)
        var only = ordinary
        only.isOnly = true
        for request in [ordinary, only, only, ordinary] {
            #expect(try await fetcher.fetch(request).text == "here")
        }
        // The first one's connection was the last one's, too.
        #expect(await eventually { closed.value == 2 } && server.accepted == 3)
    }

    struct Sent: Sendable, CustomTestStringConvertible {
        var testDescription: String { expected[0] }
        let request: FetchRequest
        let expected: [String]
        let absent: [String]
        init(_ request: FetchRequest, _ expected: [String], absent: [String] = []) {
            (self.request, self.expected, self.absent) = (request, expected, absent)
        }
    }

    static let sent: [Sent] = [
        Sent(
            FetchRequest(url: "/a/../b%2Fc?x=%20"), ["GET /a/../b%2Fc?x=%20 HTTP/1.1\r\n"],
            absent: ["Content-", "Expect"]),
        Sent(FetchRequest("POST", url: "/"), ["POST / ", "Content-Length: 0\r\n"], absent: ["Content-Type"]),
        Sent(
            FetchRequest("PATCH", url: "/", headers: [("content-type", "application/json")], body: Array("{}".utf8)),
            ["PATCH / ", "content-type: application/json\r\n", "Content-Length: 2\r\n", "\r\n\r\n{}"]),
        Sent(
            FetchRequest("DELETE", url: "/", body: Array("x".utf8)), ["DELETE / ", "\r\n\r\nx"],
            absent: ["Content-Type"]),
        Sent(
            FetchRequest("POST", url: "/", body: Array(repeating: 0x61, count: 2_000_000)), ["aaa"], absent: ["Expect"]),
        Sent(
            FetchRequest(url: "/", headers: [("X-Empty", ""), ("Accept", "application/json")]),
            ["X-Empty:", "Accept: application/json"]),
    ]

    @Test(arguments: sent) func sendsExactly(_ sent: Sent) async throws {
        let server = try ScriptedServer { $0.serve { $0 } }
        var request = sent.request
        request.url = server.url + request.url
        let echo = try await fetcher.fetch(request).text
        for text in sent.expected { #expect(echo.contains(text)) }
        for text in sent.absent { #expect(!echo.contains(text)) }
    }

    @Test func aPrintedRequestShowsNoSecrets() {
        let client = ClientCertificate(chain: "s3cret", key: "s3cret")
        let request = FetchRequest(
            url: "http://127.0.0.1:1/?s3cret", headers: [("Authorization", "s3cret")], body: Array("s3cret".utf8),
            client: client)
        #expect("\(request)" == "GET 127.0.0.1:1")
        #expect(!String(reflecting: request).contains("s3cret"))
        #expect(!String(reflecting: client).contains("s3cret"))
    }

    @Test func aHeadAnswerHasNoBody() async throws {
        let server = try ScriptedServer { connection in
            while connection.request() != nil { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") }
        }
        #expect(try await fetcher.fetch(FetchRequest("HEAD", url: server.url)).body == [])
    }

    @Test func oneAfterAnotherShareAConnection() async throws {
        let server = try ScriptedServer { $0.serve { _ in "ok" } }
        for _ in 0..<20 { _ = try await fetcher.fetch(FetchRequest(url: server.url)) }
        #expect(server.accepted == 1)
    }

    @Test func manyAtOnceAllComeBackWithTheirOwn() async throws {
        let server = try ScriptedServer { $0.serve { String($0.split(separator: " ")[1]) } }
        let url = server.url
        let right = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask { [fetcher] in
                    let answer = try? await fetcher.fetch(FetchRequest(url: "\(url)/\(number)"))
                    return answer?.text == "/\(number)"
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 200)
    }

    @Test func aRedirectIsAnAnswer() async throws {
        let server = try ScriptedServer { $0.serve("302 Found", headers: ["Location: /elsewhere"]) { _ in "moved" } }
        let answer = try await fetcher.fetch(FetchRequest(url: server.url))
        #expect(answer.status == 302)
        #expect(answer.headers["location"] == "/elsewhere")
        #expect(server.accepted == 1)
    }

    @Test func aRedirectIsFollowedWhenAskedFor() async throws {
        let server = try ScriptedServer { connection in
            while let request = connection.request() {
                let isFirst = request.hasPrefix("GET /first ")
                connection.write(
                    isFirst
                        ? "HTTP/1.1 302 Found\r\nLocation: /second\r\nContent-Length: 5\r\n\r\nmoved"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")
            }
        }
        let answer = try await fetcher.fetch(FetchRequest(url: server.url + "/first", followsRedirects: true))
        #expect(answer.status == 200)
        #expect(answer.text == "here")
        #expect(answer.headers["location"] == nil)
    }

    @Test func anInterimAnswerIsSkipped() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!")
        }
        let answer = try await fetcher.fetch(FetchRequest(url: server.url))
        #expect(answer.status == 200)
        #expect(answer.headers["link"] == nil)
    }
}
