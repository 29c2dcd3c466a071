import Logging
import Synchronization

/// What was logged, as `message metadata` in the order in which it came.
final class KeptLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(kept: self) } }

    func count(of message: String) -> Int { all.count { $0.hasPrefix(message) } }

    private struct Handler: LogHandler {
        let kept: KeptLines
        var logLevel = Logger.Level.trace
        var metadata = Logger.Metadata()

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            kept.lines.withLock { $0.append("\(event.message) \(all)") }
        }
    }
}
