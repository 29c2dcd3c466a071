import Glibc
import Testing

@testable import OrreryFetch

@Suite struct FetchErrorTests {
    let fetcher = Fetcher()

    func failure(_ request: FetchRequest) async -> FetchError? {
        do throws(FetchError) {
            _ = try await fetcher.fetch(request)
            return nil
        } catch { return error }
    }

    @Test func aClosedPortIsNamed() async throws {
        let port = try ScriptedServer { _ in }.port
        let error = await failure(FetchRequest(url: "http://127.0.0.1:\(port)/secret?token=s3cret"))
        #expect(
            error
                == FetchError(.cannotConnect, "cannot connect to 127.0.0.1:\(port): refused", host: "127.0.0.1:\(port)")
        )
    }

    @Test func anUnknownNameIsNamed() async {
        let error = await failure(FetchRequest(url: "http://nowhere.invalid/"))
        #expect(error?.kind == .cannotResolve)
        #expect(error?.message == "the name nowhere.invalid cannot be resolved")
    }

    static let unsendable: [FetchRequest] = [
        FetchRequest(url: "file:///etc/passwd"), FetchRequest(url: "ftp://127.0.0.1/"), FetchRequest(url: "/relative"),
        FetchRequest(url: "http://"), FetchRequest(url: "http://user:word@127.0.0.1/"),
        FetchRequest(url: "http://127.0.0.1:99999/"), FetchRequest(url: "http://127.0.0.1/a b"),
        FetchRequest(url: "http://127.0.0.1/\r\nHost: evil"), FetchRequest(url: "http://127.0.0.1/\u{e4}"),
        FetchRequest("GET /x", url: "http://127.0.0.1/"), FetchRequest("", url: "http://127.0.0.1/"),
        FetchRequest(url: "http://127.0.0.1/", headers: [("A", "b\r\nC: d")]),
        FetchRequest(url: "http://127.0.0.1/", headers: [("A", "b\nC: d")]),
        FetchRequest(url: "http://127.0.0.1/", headers: [("A", "b\0c")]),
        FetchRequest(url: "http://127.0.0.1/", headers: [("A: b\r\nC", "d")]),
        FetchRequest(url: "http://127.0.0.1/", headers: [("", "d")]),
    ]

    @Test(arguments: unsendable) func isNotSent(_ request: FetchRequest) async {
        #expect(await failure(request)?.kind == .badRequest)
    }

    @Test func anAnswerThatIsTooLongIsRefused() async throws {
        let server = try ScriptedServer { $0.serve { _ in String(repeating: "x", count: 1001) } }
        let error = await failure(FetchRequest(url: server.url, bodyLimit: 1000))
        #expect(error?.kind == .tooLarge)
        #expect(error?.message == "127.0.0.1:\(server.port) answered with more than 1000 bytes")
        #expect(await failure(FetchRequest(url: server.url, bodyLimit: 1001)) == nil)
    }

    @Test func aHeadThatIsTooLongIsRefused() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("X-Filler: \(String(repeating: "y", count: 1000))\r\n") {}
        }
        #expect(await failure(FetchRequest(url: server.url))?.kind == .tooLarge)
    }

    struct Script: Sendable {
        let bytes: String
        let kind: FetchError.Kind
    }

    static let cut: [Script] = [
        Script(bytes: "", kind: .cut), Script(bytes: "HTTP/1.1 200 OK\r\nContent-Le", kind: .cut),
        Script(bytes: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", kind: .cut),
        Script(bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", kind: .cut),
        Script(bytes: "SSH-2.0-OpenSSH_9.2\r\n\r\n", kind: .badAnswer),
    ]

    @Test(arguments: cut) func aCutAnswerIsNoAnswer(_ script: Script) async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write(script.bytes)
        }
        #expect(await failure(FetchRequest(url: server.url))?.kind == script.kind)
    }

    @Test func aSilentServerRunsIntoTheLimit() async throws {
        let server = try ScriptedServer { $0.awaitClose() }
        let error = await failure(FetchRequest(url: server.url, limit: .milliseconds(50)))
        #expect(error?.kind == .timedOut)
        #expect(error?.message == "127.0.0.1:\(server.port) did not answer in time")
    }

    @Test func cancellingTheTaskEndsTheTransfer() async throws {
        let isClosed = Counter()
        let server = try ScriptedServer { connection in
            connection.awaitClose()
            isClosed.add()
        }
        let task = Task { [self, url = server.url] in await failure(FetchRequest(url: url)) }
        #expect(await eventually { server.accepted == 1 })
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        #expect(await eventually { isClosed.value == 1 })
    }

    @Test func aTaskThatIsAlreadyCancelledSendsNothing() async throws {
        let server = try ScriptedServer { $0.serve { _ in "" } }
        let task = Task { [self, url = server.url] in
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await failure(FetchRequest(url: url))
        }
        #expect(await task.value?.kind == .cancelled)
        #expect(server.accepted == 0)
    }

    @Test func aFetcherThatGoesEndsWhatIsUnderWay() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.awaitClose()
        }
        let stream = try await Fetcher().stream(FetchRequest(url: server.url))
        await #expect(throws: FetchError.self) { try await stream.collect(upTo: 100) }
    }
}
