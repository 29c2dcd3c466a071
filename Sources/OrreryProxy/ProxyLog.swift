internal import Glibc
internal import OrreryWire

/// Lines for the operator. No path's query, no header, no token ever goes in.
package struct ProxyLog: Sendable {
    /// Where the lines go.
    package enum Output: CInt, Sendable { case standardOutput = 1, standardError = 2 }

    package enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warn, error

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    package let level: Level
    private let output: Output

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

    /// Writes lines that are whole.
    func write(_ lines: [UInt8]) {
        var rest = lines[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(output.rawValue, $0.baseAddress, $0.count) }
            // A lost line is no reason to stop relaying.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// A message as it is written, with its line end.
    static func line(_ level: Level, _ message: String, at moment: UInt64) -> [UInt8] {
        var line = Array((timestamp(moment) + " [orrery-proxy] \(level.rawValue): ").utf8)
        // Control bytes come from outside only in paths; they must not be able to begin a line of their own.
        line.append(contentsOf: message.utf8.lazy.map { $0 < 32 || $0 == 127 ? UInt8(ascii: "?") : $0 })
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// A moment as `2026-11-21T10:09:47.546Z`.
    static func timestamp(_ milliseconds: UInt64) -> String {
        let (date, time) = CivilTime(seconds: milliseconds / 1000).parts
        return "\(pad(date.year, 4))-\(pad(date.month, 2))-\(pad(date.day, 2))T"
            + "\(pad(time.hour, 2)):\(pad(time.minute, 2)):\(pad(time.second, 2)).\(pad(Int(milliseconds % 1000), 3))Z"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
