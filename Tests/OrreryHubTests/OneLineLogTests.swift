import Logging
import Synchronization
import Testing

@testable import OrreryHub

struct OneLineLogTests {
    /// Keeps what it is told, as one text.
    final class Kept: Sendable {
        let lines = Mutex<[String]>([])
    }

    struct Keeper: LogHandler {
        let kept: Kept
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let facts = all.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            kept.lines.withLock { $0.append((facts + ["\(event.message)"]).joined(separator: " ")) }
        }
    }

    // Names come from requests: one with a line break would write a line of its own.
    @Test func whatSomebodySentCannotEndALine() {
        let kept = Kept()
        var logger = Logger(label: "test") { _ in OneLineLogHandler(Keeper(kept: kept)) }
        logger[metadataKey: "request"] = "a\rb"
        logger.notice(
            "refused\u{2028}",
            metadata: ["profile": "x\n2026 person logged in\u{1B}[2J", "all": ["a\nb", ["k": "\0"]]])
        #expect(
            kept.lines.withLock { $0 } == [
                #"all=["a\\nb", ["k": "\\0"]] profile=x\n2026 person logged in\u{1B}[2J request=a\rb refused\u{2028}"#
            ])
    }

    @Test func whatIsPlainStaysAsItIs() {
        let kept = Kept()
        let logger = Logger(label: "test") { _ in OneLineLogHandler(Keeper(kept: kept)) }
        logger.info("größe \\ \"q\"", metadata: ["path": "/user/ü"])
        #expect(kept.lines.withLock { $0 } == ["path=/user/ü größe \\ \"q\""])
    }
}
