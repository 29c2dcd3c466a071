import Foundation

/// Moments as the JupyterHub contract writes them: `2026-11-21T10:32:39.431354Z`.
enum Timestamp {
    /// `date` in UTC with six digits behind the second; one that four digits of a year cannot write, as the nearest that can.
    static func text(_ date: Date) -> String {
        let instant = min(max(date.timeIntervalSince1970, writable.lowerBound), writable.upperBound)
        let microseconds = Int64((instant * 1_000_000).rounded())
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let whole = Date(timeIntervalSince1970: Double(fraction < 0 ? seconds - 1 : seconds))
        let digits = String(fraction < 0 ? fraction + 1_000_000 : fraction)
        let padding = String(repeating: "0", count: 6 - digits.count)
        return whole.formatted(.iso8601).dropLast() + ".\(padding)\(digits)Z"
    }

    private static let writable = -62_135_596_800.0...253_402_300_799

    /// The moment that `text` names, with or without a fraction, in UTC or with an offset; nil for anything else, and for
    /// a day or an hour that there is not.
    static func date(_ text: String) -> Date? {
        let shape = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)/.asciiOnlyDigits()
        guard let match = text.wholeMatch(of: shape)?.output,
            let whole = try? Date(String(match.1 + match.3), strategy: .iso8601),
            // Foundation takes the 30th of February for the second of March.
            (try? Date(match.1 + "Z", strategy: .iso8601))?.formatted(.iso8601) == match.1 + "Z"
        else { return nil }
        let fraction = match.2.flatMap { Double("0.\($0)") } ?? 0
        return whole.addingTimeInterval(fraction)
    }
}
