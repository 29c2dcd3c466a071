internal import FoundationEssentials

/// An instant on a page: exact for machines, in UTC for reading; with JavaScript the browser shows it in its own zone.
struct Moment: Sendable, Encodable {
    /// `2026-11-21T12:31:53Z`
    let exact: String
    /// `21 Nov 2026, 12:31 UTC`
    let text: String
    /// `12:31:53`, for lists of things that happen within minutes.
    let clock: String

    init(_ instant: Date) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: instant)
        let month = Self.months[((parts.month ?? 1) - 1) % 12]
        let minute = "\(Self.padded(parts.hour)):\(Self.padded(parts.minute))"
        exact = instant.formatted(.iso8601)
        text = "\(parts.day ?? 1) \(month) \(parts.year ?? 0), \(minute) UTC"
        clock = "\(minute):\(Self.padded(parts.second))"
    }

    private static func padded(_ number: Int?) -> String {
        let number = number ?? 0
        return number < 10 ? "0\(number)" : "\(number)"
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
