import Testing

@testable import OrreryAgent

/// Who waits for whom.
@Suite(.timeLimit(.minutes(3))) struct GateQueueTests {
    @Test func whoIsCancelledLeavesTheQueue() async throws {
        let queue = GateQueue()
        let (gates, open) = AsyncStream.makeStream(of: Void.self)
        let (begins, begun) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await queue.alone {
                begun.yield()
                for await _ in gates { break }
            }
        }
        for await _ in begins { break }
        let second = Task { try await queue.alone {} }
        let third = Task { try await queue.alone { 3 } }
        #expect(await soon { queue.length == 2 })
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(queue.length == 1)
        open.yield()
        try await first.value
        #expect(try await third.value == 3)
        #expect(try await queue.alone { 4 } == 4)
    }
}
