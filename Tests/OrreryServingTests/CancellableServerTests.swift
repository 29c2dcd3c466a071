import Hummingbird
import OrreryFetch
import Synchronization
import Testing

struct CancellableServerTests {
    // The process does not outlive it when one that was taken is forgotten.
    @Test func aServerMayBeCancelledWhileItTakesConnections() async throws {
        for _ in 0..<25 {
            let answers = Atomic(0)
            await withTaskGroup { callers in
                try? await serving { _ in
                    answers.add(1, ordering: .relaxed)
                    return Response(status: .ok)
                } while: { url in
                    for _ in 0..<8 { callers.addTask { await Self.callUntilRefused(url) } }
                    #expect(await soon { answers.load(ordering: .relaxed) > 8 })
                }
            }
        }
    }

    @Test func whatIsBeingAnsweredIsAnswered() async throws {
        let hasBegun = Flag()
        let (ending, end) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup { callers in
            try await serving { _ in
                hasBegun.set()
                for await _ in ending {}
                return Response(status: .accepted)
            } while: { url in
                callers.addTask {
                    let answer = try await Fetcher().fetch(FetchRequest(url: url, limit: .seconds(60)))
                    #expect(answer.status == 202)
                }
                #expect(await soon { hasBegun.value })
                callers.addTask { end.finish() }
            }
            try await callers.waitForAll()
        }
    }

    @Test func anAnswerWithoutEndDoesNotKeepIt() async throws {
        let hasBegun = Flag()
        await withTaskGroup { callers in
            try? await serving(patience: .milliseconds(50)) { _ in
                hasBegun.set()
                try await Task.sleep(for: .seconds(3600))
                return Response(status: .ok)
            } while: { url in
                callers.addTask { _ = try? await Fetcher().fetch(FetchRequest(url: url, limit: .seconds(60))) }
                #expect(await soon { hasBegun.value })
            }
        }
    }

    private static func callUntilRefused(_ url: String) async {
        let fetcher = Fetcher()
        let request = FetchRequest(url: url, headers: [("Connection", "close")], limit: .seconds(10))
        while (try? await fetcher.fetch(request)) != nil {}
    }
}
