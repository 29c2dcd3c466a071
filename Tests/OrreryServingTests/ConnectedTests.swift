import Hummingbird
import NIOCore
import OrreryFetch
import OrreryServing
import Testing

struct ConnectedTests {
    private struct Failure: Error {}

    /// An answer that is `work`.
    private static func answer(
        _ request: Request, left: @escaping @Sendable () -> Void = {},
        _ work: @escaping @Sendable @concurrent () async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            body: ResponseBody { writer in
                try await writer.write(ByteBuffer(string: "here\n"))
                try await request.whileConnected(left: left, work)
                try await writer.finish(nil)
            })
    }

    @Test func aClientThatLeavesIsNoticed() async throws {
        let hasLeft = Flag()
        let (ending, end) = AsyncStream.makeStream(of: Void.self)
        let left: @Sendable () -> Void = {
            hasLeft.set()
            end.finish()
        }
        try await serving({ request in Self.answer(request, left: left) { for await _ in ending {} } }) { url in
            // What has no reference any more ends what it has under way.
            let fetcher = Fetcher()
            for try await _ in try await fetcher.stream(FetchRequest(url: url, limit: nil)) { break }
            withExtendedLifetime(fetcher) {}
            #expect(await soon { hasLeft.value })
        }
    }

    // It often does so before the library has looked at the request at all.
    @Test(arguments: [true, false])
    func workThatEndsAtOnceEndsItsAnswerOnly(_ isFailing: Bool) async throws {
        try await serving({ request in Self.answer(request) { if isFailing { throw Failure() } } }) { url in
            for _ in 0..<100 {
                let answer = try? await Fetcher().fetch(FetchRequest(url: url, limit: .seconds(60)))
                #expect((answer?.status == 200) == !isFailing)
            }
        }
    }

    @Test func itMayBeCancelledBeforeItBegins() async throws {
        try await serving({ request in
            let work = Task {
                try await request.whileConnected(left: {}) { try await Task.sleep(for: .seconds(60)) }
            }
            work.cancel()
            await #expect(throws: CancellationError.self) { try await work.value }
            return Response(status: .ok)
        }) { url in
            for _ in 0..<100 {
                let answer = try await Fetcher().fetch(FetchRequest(url: url, limit: .seconds(60)))
                #expect(answer.status == 200)
            }
        }
    }
}
