import Foundation
import Glibc
import Logging
import Synchronization
import Testing

@testable import OrreryHub

struct OneLineLogTests {
    /// Keeps what it is told.
    final class Kept: TextOutputStream, Sendable {
        private let kept = Mutex<[String]>([])

        func write(_ line: String) { kept.withLock { $0.append(line) } }

        var lines: [String] { kept.withLock { $0 } }

        /// The lines without their times.
        var events: [String] { lines.map { String($0.drop { $0 != " " }.dropFirst()) } }

        func logger() -> Logger {
            Logger(label: "test") { OneLineLogHandler(label: $0, logLevel: .debug, to: self.write) }
        }
    }

    // Names come from requests: one with a line break would write a line of its own.
    @Test func whatSomebodySentCannotEndALine() {
        let kept = Kept()
        var logger = kept.logger()
        logger[metadataKey: "request"] = "a\rb"
        logger.notice(
            "refused\u{2028}",
            metadata: ["profile": "x\n2026 person logged in\u{1B}[2J", "all": ["a\nb", ["k": "\0"]]])
        let facts = #"all=["a\\nb", ["k": "\\0"]] profile=x\n2026 person logged in\u{1B}[2J request=a\rb"#
        #expect(kept.events == ["notice test: \(facts) [OrreryHubTests] refused\\u{2028}\n"])
    }

    @Test func whatIsPlainStaysAsItIs() {
        let kept = Kept()
        kept.logger().info("größe \\ \"q\"", metadata: ["path": "/user/ü"])
        #expect(kept.events == ["info test: path=/user/ü [OrreryHubTests] größe \\ \"q\"\n"])
    }

    @Test func aLineBeginsWithTheTimeInTheZoneOfTheMachine() throws {
        let kept = Kept()
        let before = Int(Date().timeIntervalSince1970)
        kept.logger().info("now")
        let after = Date()
        let text = try #require(kept.lines.first?.split(separator: " ").first)
        #expect(text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}/) != nil)
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyy-MM-dd'T'HH:mm:ssZ"
        let time = try #require(format.date(from: String(text)))
        #expect(Int(time.timeIntervalSince1970) >= before && time <= after)
    }

    /// Whoever reads the log by a program need not know which handler wrote it.
    @Test func aLineIsAsSwiftLogsOwnHandlerWritesIt() {
        struct Failure: Error {}
        func tell(_ logger: Logger) {
            var logger = logger
            logger.error("bare")
            logger.debug("with facts", metadata: ["b": "2", "a": .stringConvertible(1), "C": ["x": "y"], "d": ["z"]])
            logger[metadataKey: "b"] = "own"
            var copy = logger
            copy[metadataKey: "copied"] = "yes"
            logger.info("the event goes before", metadata: ["b": "said"])
            logger.info("own", source: "elsewhere")
            copy.info("copied")
            copy[metadataKey: "b"] = nil
            copy.warning("with an error", error: Failure(), metadata: ["e": "3", "error.type": "said"])
            copy.trace("too little")
        }
        let (ours, theirs) = (Kept(), Kept())
        tell(ours.logger())
        tell(
            Logger(label: "test") {
                var handler = StreamLogHandler(label: $0, stream: theirs, metadataProvider: nil)
                handler.logLevel = .debug
                return handler
            })
        #expect(ours.events == theirs.events && ours.events.count == 6)
    }

    @Test func linesThatComeTogetherAreNotMixed() async throws {
        var ends: [CInt] = [-1, -1]
        try #require(unsafe pipe(&ends) == 0)
        let (out, into) = (FileHandle(fileDescriptor: ends[0], closeOnDealloc: true), ends[1])
        // Longer than a pipe takes at once.
        let writers = (0..<4).map { number in
            Thread {
                for _ in 0..<8 {
                    StandardError.write(String(repeating: "\(number)", count: 200_000) + "\n", to: into)
                }
            }
        }
        for writer in writers { writer.start() }
        var read = Data()
        while read.count < 4 * 8 * 200_001 { read += out.availableData }
        close(into)
        let lines = read.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 32 && lines.allSatisfy { $0.count == 200_000 && Set($0).count == 1 })
    }
}
