internal import Foundation

/// Reads a container's log from its file: first what the query asks for of the past, then what was added since.
struct LogReader {
    private let path: String
    private let tail: Int?
    private let limit: Int?
    private let since: Date?
    private let hasTimestamps: Bool
    private var offset: UInt64?
    private var rest: [UInt8] = []
    private var lastTime: Substring = ""

    /// Of a long past this much is looked at.
    private static let window: UInt64 = 16 << 20

    init(path: String, query: Query) {
        self.path = path
        tail = query.integer("tailLines").map { Int($0) }
        limit = query.integer("limitBytes").map { Int($0) }
        since =
            query.integer("sinceSeconds").map { Date.now - TimeInterval($0) }
            ?? query["sinceTime"].flatMap { try? Date($0, strategy: .iso8601) }
        hasTimestamps = query.flag("timestamps")
    }

    mutating func next() -> [UInt8] {
        let isFirst = offset == nil
        var lines = readLines()
        guard isFirst else { return lines.flatMap(text) }
        if let since { lines = lines.filter { ($0.instant ?? .distantFuture) >= since } }
        if let tail { lines = lines.suffix(max(0, tail)) }
        let bytes = lines.flatMap(text)
        return limit.map { Array(bytes.prefix(max(0, $0))) } ?? bytes
    }

    private struct Line {
        let time: Substring
        let text: Substring
        let isWhole: Bool

        var instant: Date? {
            try? Date(String(time), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: time.contains(".")))
        }
    }

    private mutating func readLines() -> [Line] {
        guard let file = FileHandle(forReadingAtPath: path) else {
            offset = offset ?? 0
            return []
        }
        defer { try? file.close() }
        let end = (try? file.seekToEnd()) ?? 0
        // The node shortens a long log: it is read anew then, without the lines that were seen.
        let isShortened = end < offset ?? 0
        if isShortened { (offset, rest) = (0, []) }
        let start = offset ?? (end > Self.window ? end - Self.window : 0)
        let isCut = offset == nil && start > 0
        guard end > start, (try? file.seek(toOffset: start)) != nil, let data = try? file.readToEnd() else {
            offset = start
            return []
        }
        offset = start + UInt64(data.count)
        var lines = (rest + data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // What stands behind the last line feed is the beginning of a line that is still being written.
        rest = Array(lines.removeLast())
        var read = lines.dropFirst(isCut ? 1 : 0).compactMap { Self.line(String(decoding: $0, as: UTF8.self)) }
        if isShortened { read = read.filter { $0.time > lastTime } }
        lastTime = read.last?.time ?? lastTime
        return read
    }

    /// `TIME STREAM F|P TEXT`, the format of container runtimes; P marks a part of a line.
    private static func line(_ text: String) -> Line? {
        let parts = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        return Line(time: parts[0], text: parts[3], isWhole: parts[2] == "F")
    }

    private func text(_ line: Line) -> [UInt8] {
        Array(((hasTimestamps ? "\(line.time) " : "") + line.text + (line.isWhole ? "\n" : "")).utf8)
    }
}
