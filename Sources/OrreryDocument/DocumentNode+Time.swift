package import Foundation

extension DocumentNode {
    /// A span of time: a whole number and one of the units `ms`, `s`, `m`, `h`, `d`, without space: `12h`, `7d`.
    package func duration() throws(DocumentError) -> Duration {
        let text = try string()
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        // Nine digits of days are two million years; the bound keeps the product far from overflow.
        guard digits.count <= 9, let count = Int64(digits),
            let unit = Self.milliseconds[String(text.dropFirst(digits.count))]
        else {
            throw error("a span of time such as 30s, 15m, 12h or 7d is wanted here, not \(kind)")
        }
        return .milliseconds(count * unit)
    }

    private static let milliseconds: [String: Int64] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]

    /// A moment as RFC 3339 writes it, to the second: `2027-06-30T00:00:00Z` or with an offset such as `+02:00`.
    /// Without a zone it is refused: the reader's zone is not the writer's.
    package func instant() throws(DocumentError) -> Date {
        guard let instant = Self.instant(try string()) else {
            throw error("a moment with its zone such as 2027-06-30T00:00:00Z is wanted here, not \(kind)")
        }
        return instant
    }

    private static func instant(_ text: String) -> Date? {
        let shape = /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))/.asciiOnlyDigits()
        guard let match = text.wholeMatch(of: shape)?.output else { return nil }
        let utc = TimeZone.gmt
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = utc
        let parts = DateComponents(
            calendar: calendar, timeZone: utc, year: Int(match.1), month: Int(match.2), day: Int(match.3),
            hour: Int(match.4), minute: Int(match.5), second: Int(match.6))
        // Only a date that exists: the calendar would read 31 February as 3 March.
        guard parts.isValidDate(in: calendar), let date = calendar.date(from: parts) else { return nil }
        guard let sign = match.7, let hours = match.8.flatMap({ Int($0) }), let minutes = match.9.flatMap({ Int($0) })
        else { return date }
        guard hours < 24, minutes < 60 else { return nil }
        return date.addingTimeInterval(Double((sign == "-" ? 60 : -60) * (hours * 60 + minutes)))
    }
}
