import Testing

@testable import OrreryFetch

@Suite struct FetchStreamTests {
    let fetcher = Fetcher()

    @Test func theHeadComesBeforeTheBody() async throws {
        let gate = Gate()
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Head: yes\r\n\r\n")
            gate.pass()
            connection.write("3\r\none\r\n")
            gate.pass()
            connection.write("3\r\ntwo\r\n0\r\nX-Trailer: ignored\r\n\r\n")
            connection.awaitClose()
        }
        let stream = try await fetcher.stream(FetchRequest(url: server.url, limit: nil))
        #expect(stream.status == 200)
        #expect(stream.headers["x-head"] == "yes")
        var iterator = stream.makeAsyncIterator()
        gate.open()
        #expect(try await iterator.next() == Array("one".utf8))
        gate.open()
        #expect(try await iterator.next() == Array("two".utf8))
        #expect(try await iterator.next() == nil)
        #expect(try await iterator.next() == nil)
    }

    @Test func aCutStreamGivesWhatCameAndThenFails() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        }
        let stream = try await fetcher.stream(FetchRequest(url: server.url))
        var received: [UInt8] = []
        var failure: FetchError?
        do {
            for try await chunk in stream { received += chunk }
        } catch { failure = error }
        #expect(received == Array("one".utf8))
        #expect(failure?.kind == .cut)
    }

    @Test func aReaderThatRestsStopsTheSender() async throws {
        let sent = Counter()
        let piece = String(repeating: "x", count: 1 << 16)
        let total = 512
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(piece.utf8.count * total)\r\n\r\n")
            for _ in 0..<total where connection.write(piece) { sent.add(piece.utf8.count) }
            connection.awaitClose()
        }
        let stream = try await fetcher.stream(FetchRequest(url: server.url, limit: nil))
        var before = -1
        // The sender has come to rest when a whole turn of another exchange passed without a byte of progress.
        let other = try ScriptedServer { $0.serve { _ in "" } }
        repeat {
            before = sent.value
            for _ in 0..<50 { _ = try await fetcher.fetch(FetchRequest(url: other.url)) }
        } while sent.value != before
        #expect(sent.value < piece.utf8.count * total / 2)
        var received = 0
        for try await chunk in stream { received += chunk.count }
        #expect(received == piece.utf8.count * total)
    }

    @Test func droppingTheStreamEndsTheTransfer() async throws {
        let isClosed = Counter()
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.awaitClose()
            isClosed.add()
        }
        _ = try await fetcher.stream(FetchRequest(url: server.url))
        #expect(await eventually { isClosed.value == 1 })
    }

    @Test func cancellingTheReaderEndsTheStream() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            connection.awaitClose()
        }
        let received = Counter()
        let task = Task { [fetcher, url = server.url] () async -> FetchError? in
            do throws(FetchError) {
                let stream = try await fetcher.stream(FetchRequest(url: url, limit: nil))
                for try await chunk in stream { received.add(chunk.count) }
                return nil
            } catch { return error }
        }
        #expect(await eventually { received.value == 3 })
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
    }

    @Test func aStalledStreamIsEnded() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.awaitClose()
        }
        let request = FetchRequest(url: server.url, limit: nil, stallLimit: .milliseconds(500))
        // Its head, too, may come too late on a slow machine.
        await #expect(throws: FetchError.self) { try await fetcher.stream(request).collect(upTo: 10) }
    }

    @Test func collectingKeepsItsLimit() async throws {
        let server = try ScriptedServer { $0.serve { _ in String(repeating: "x", count: 1001) } }
        let stream = try await fetcher.stream(FetchRequest(url: server.url))
        let error = await #expect(throws: FetchError.self) { try await stream.collect(upTo: 1000) }
        #expect(error?.kind == .tooLarge)
    }
}
