internal import OrreryWire

/// Moments as HTTP says them (RFC 9110 5.6.7): `Sat, 21 Nov 2026 10:09:47 GMT`.
enum HTTPDate {
    /// Appends the moment `seconds` after the beginning of 1970. Allocates nothing.
    static func append(_ seconds: UInt64, to target: inout Buffer) {
        let moment = CivilTime(seconds: seconds)
        target.append(weekdays[moment.weekday])
        target.append(", ")
        appendTwo(moment.day, to: &target)
        target.append(" ")
        target.append(months[moment.month - 1])
        target.append(" ")
        target.append(decimal: UInt64(moment.year))
        target.append(" ")
        appendTwo(moment.hour, to: &target)
        target.append(":")
        appendTwo(moment.minute, to: &target)
        target.append(":")
        appendTwo(moment.second, to: &target)
        target.append(" GMT")
    }

    static func text(_ seconds: UInt64) -> String {
        var buffer = Buffer(capacity: 64)
        append(seconds, to: &buffer)
        return buffer.read { bytes in String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self) }
    }

    private static func appendTwo(_ number: Int, to target: inout Buffer) {
        target.append(UInt8(ascii: "0") + UInt8(number / 10))
        target.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    private static var weekdays: InlineArray<7, StaticString> { ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] }
    private static var months: InlineArray<12, StaticString> {
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    }
}
