internal import Glibc
internal import OrreryWire

/// Lines for the operator on standard error. No path's query, no header, no token ever goes in.
package struct ProxyLog: Sendable {
    package enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warn, error

        package static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    package let level: Level

    package init(level: Level) { self.level = level }

    /// Writes one line, if `level` is wanted. The message is not even made otherwise.
    package func write(_ level: Level, _ message: @autoclosure () -> String) {
        guard level >= self.level else { return }
        // Control bytes come from outside only in paths; they must not be able to begin a line of their own.
        let text = message().unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : Character($0) }
        var line = Self.timestamp(Moment.now().wall) + " [orrery-proxy] \(level.rawValue): " + String(text) + "\n"
        line.withUTF8 { bytes in
            // The bytes live as long as this call; a lost line is no reason to stop relaying.
            _ = unsafe Glibc.write(2, bytes.baseAddress, bytes.count)
        }
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
