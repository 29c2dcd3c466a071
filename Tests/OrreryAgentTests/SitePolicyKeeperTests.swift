import Foundation
import Logging
import OrreryModel
import Synchronization
import Testing

@testable import OrreryAgent

/// The site's policy as its file changes.
@Suite(.timeLimit(.minutes(3))) struct SitePolicyKeeperTests {
    /// Time that passes when the test says so.
    private final class Turns: Sendable {
        private let (ticks, tick) = AsyncStream.makeStream(of: Void.self)
        private let (looks, looked) = AsyncStream.makeStream(of: Void.self)

        func pause() async {
            looked.yield()
            for await _ in ticks { return }
        }

        /// Comes back when a pause has begun.
        func settle() async {
            for await _ in looks { return }
        }

        /// Lets the pause end, and comes back when the next has begun.
        func turn() async {
            tick.yield()
            await settle()
        }
    }

    @Test func aBadPolicyKeepsTheLastGoodOneAndSaysSo() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString).yaml").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        func write(_ text: String) throws { try text.write(toFile: file, atomically: true, encoding: .utf8) }
        let log = Notes()
        let turns = Turns()
        let keeper = SitePolicyKeeper(
            file: file, logger: Logger(label: "test") { _ in log.handler }, pause: { await turns.pause() })
        #expect(keeper.current.refusals(of: [:]).first?.contains("its policy cannot be read") == true)
        let task = Task { try await keeper.run() }
        defer { task.cancel() }
        await turns.settle()
        try write("maxima: {sessions: 3}")
        await turns.turn()
        #expect(keeper.current.maxima.sessions == 3)
        try write("maxima: {sesions: 4}")
        await turns.turn()
        await turns.turn()
        #expect(keeper.current.maxima.sessions == 3)
        #expect(keeper.complaint?.contains("did you mean `sessions`?") == true)
        try write("maxima: {sessions: 5}")
        await turns.turn()
        #expect(keeper.current.maxima.sessions == 5)
        #expect(keeper.complaint == nil)
        #expect(log.lines.count { $0.contains("the last good one counts") } == 1)
    }

    @Test func withoutAFileTheSiteSaysNothing() {
        let keeper = SitePolicyKeeper(file: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(keeper.current == SitePolicy())
    }
}
