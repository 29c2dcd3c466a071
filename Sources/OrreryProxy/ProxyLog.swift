internal import Glibc
internal import OrreryWire
internal import Synchronization

/// How often lines were lost since that was last said.
private let lostLines = Atomic<Int>(0)

/// Lines for the operator. No path's query, no header, no token ever goes in.
package struct ProxyLog: Sendable {
    /// Where the lines go: an open file, which must stay open for as long as anybody may log.
    package struct Output: Equatable, Sendable {
        let descriptor: CInt

        package static let standardOutput = Output(descriptor: 1)
        package static let standardError = Output(descriptor: 2)
    }

    package enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warn, error

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    package let level: Level
    let output: Output

    package init(level: Level, output: Output = .standardError) {
        self.level = level
        self.output = output
    }

    /// Whether a message of this level would be written.
    package func wants(_ level: Level) -> Bool { level >= self.level }

    /// Writes one line, if `level` is wanted. The message is not even made otherwise.
    package func write(_ level: Level, _ message: @autoclosure () -> String) {
        guard wants(level) else { return }
        write(Self.line(level, message(), at: Moment.now().wall))
    }

    /// Writes lines that are whole, or loses them where the log is a pipe that nobody reads: workers write here too, and a
    /// line is no reason to let a request wait. How many calls lost theirs is said once the pipe is read again.
    func write(_ lines: [UInt8]) {
        var rest = lines[...]
        while !rest.isEmpty {
            guard hasRoom else {
                lostLines.wrappingAdd(1, ordering: .relaxed)
                return
            }
            let lost = lostLines.exchange(0, ordering: .relaxed)
            if lost > 0 {
                put(Self.line(.warn, "the log was not read; lost \(lost) times", at: Moment.now().wall)[...])
            }
            let piece = rest.prefix(Self.atOnce)
            let end = piece.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? piece.endIndex
            guard put(rest[..<end]) else { return }
            rest = rest[end...]
        }
    }

    /// What a pipe takes as a whole, without waiting, once it takes anything (PIPE_BUF).
    private static let atOnce = 4096

    /// Whether a write would not wait.
    private var hasRoom: Bool {
        var place = pollfd(fd: output.descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&place, 1, 0) > 0
    }

    @discardableResult private func put(_ bytes: ArraySlice<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBytes { unsafe Glibc.write(output.descriptor, $0.baseAddress, $0.count) } == bytes.count
    }

    /// A message as it is written, with its line end.
    static func line(_ level: Level, _ message: String, at moment: UInt64) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(64 + message.utf8.count)
        append(timestamp: moment, to: &line)
        line.append(contentsOf: " [orrery-proxy] \(level.rawValue): ".utf8)
        // Control bytes come from outside only in paths; they must not be able to begin a line of their own.
        for byte in message.utf8 { line.append(byte < 32 || byte == 127 ? UInt8(ascii: "?") : byte) }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// A moment as `2026-11-21T10:09:47.546Z`.
    static func timestamp(_ milliseconds: UInt64) -> String {
        var bytes: [UInt8] = []
        append(timestamp: milliseconds, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func append(timestamp milliseconds: UInt64, to bytes: inout [UInt8]) {
        let (date, time) = CivilTime(seconds: milliseconds / 1000).parts
        append(date.year, 4, "-", to: &bytes)
        append(date.month, 2, "-", to: &bytes)
        append(date.day, 2, "T", to: &bytes)
        append(time.hour, 2, ":", to: &bytes)
        append(time.minute, 2, ":", to: &bytes)
        append(time.second, 2, ".", to: &bytes)
        append(Int(milliseconds % 1000), 3, "Z", to: &bytes)
    }

    private static func append(_ number: Int, _ width: Int, _ end: Unicode.Scalar, to bytes: inout [UInt8]) {
        var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: end))
    }
}
