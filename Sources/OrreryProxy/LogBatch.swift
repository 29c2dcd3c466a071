internal import OrreryWire
internal import Synchronization

/// Lines that are written together, so that a flood of changes does not cost a call of the system each.
///
/// Concurrency: any thread may call anything.
final class LogBatch: Sendable {
    private let log: ProxyLog
    private let lines = Mutex<[UInt8]>([])
    private static let limit = 64 << 10

    init(_ log: ProxyLog) { self.log = log }

    /// Notes one line, if `level` is wanted. The message is not even made otherwise.
    func write(_ level: ProxyLog.Level, _ message: @autoclosure () -> String) {
        guard log.wants(level) else { return }
        let line = ProxyLog.line(level, message(), at: Moment.now().wall)
        let isFull = lines.withLock { lines in
            lines.append(contentsOf: line)
            return lines.count >= Self.limit
        }
        if isFull { flush() }
    }

    /// Writes what has been noted.
    func flush() {
        let lines = lines.withLock { lines in
            let all = lines
            lines.removeAll(keepingCapacity: true)
            return all
        }
        if !lines.isEmpty { log.write(lines) }
    }
}
