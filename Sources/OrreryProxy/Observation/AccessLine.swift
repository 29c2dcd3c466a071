internal import OrreryWire

/// Writes a line of the access log. Nothing of a request can end a line or a field: control bytes, quotes and backslashes
/// are escaped, and so is what is not ASCII.
enum AccessLine {
    /// The longest line: every byte of every text escaped, and what stands around them.
    static let limit = (16 + 256 + 64 + 128) * 6 + 1024

    /// Appends the line of an exchange that ends at `now`. There must be `limit` bytes of room.
    static func write(_ record: AccessRecord, _ format: AccessFormat, now: Moment, to line: inout Buffer) {
        switch format {
        case .common: writeCommon(record, to: &line)
        case .json: writeJSON(record, now, to: &line)
        case .short: writeShort(record, now, to: &line)
        }
        line.append("\n")
    }

    /// A client that left before it was answered has no status; nginx's number for that is the one tools know.
    private static func status(_ record: AccessRecord) -> UInt64 { record.status == 0 ? 499 : UInt64(record.status) }

    private static func writeCommon(_ record: AccessRecord, to line: inout Buffer) {
        line.append(record.client)
        line.append(" - ")
        append(record.person, as: .common, to: &line)
        line.append(" [")
        appendDate(record.beganWall, to: &line)
        line.append("] \"")
        append(record.method, as: .common, to: &line)
        line.append(" ")
        append(record.path, as: .common, to: &line)
        line.append(record.isHTTP10 ? " HTTP/1.0\" " : " HTTP/1.1\" ")
        line.append(decimal: status(record))
        line.append(" ")
        line.append(decimal: record.sent)
        // Where one came from may hold a token of another site in its query, so it is never told.
        line.append(" \"-\" \"")
        append(record.agent, as: .common, to: &line)
        line.append("\"")
    }

    private static func writeShort(_ record: AccessRecord, _ now: Moment, to line: inout Buffer) {
        appendTime(record.beganWall, to: &line)
        line.append(" ")
        line.append(decimal: status(record))
        line.append(" ")
        append(record.method, as: .common, to: &line)
        line.append(" ")
        append(record.path, as: .common, to: &line)
        line.append(" ")
        line.append(decimal: now.monotonic &- record.began)
        line.append("ms ")
        line.append(decimal: record.sent)
        line.append("B ")
        appendUpstream(record, to: &line)
        line.append(" ")
        append(record.person, as: .common, to: &line)
    }

    private static func writeJSON(_ record: AccessRecord, _ now: Moment, to line: inout Buffer) {
        line.append("{\"time\":\"")
        appendTime(record.beganWall, to: &line)
        line.append("\",\"client\":\"")
        line.append(record.client)
        line.append("\",\"person\":\"")
        append(record.person, as: .json, to: &line)
        line.append("\",\"method\":\"")
        append(record.method, as: .json, to: &line)
        line.append("\",\"path\":\"")
        append(record.path, as: .json, to: &line)
        line.append(
            record.isHTTP10 ? "\",\"protocol\":\"HTTP/1.0\",\"status\":" : "\",\"protocol\":\"HTTP/1.1\",\"status\":")
        line.append(decimal: status(record))
        line.append(",\"received\":")
        line.append(decimal: record.received)
        line.append(",\"sent\":")
        line.append(decimal: record.sent)
        line.append(",\"seconds\":")
        appendSeconds(now.monotonic &- record.began, to: &line)
        if record.status != 0 {
            line.append(",\"first_byte\":")
            appendSeconds(record.answered &- record.began, to: &line)
        }
        line.append(",\"upstream\":\"")
        appendUpstream(record, to: &line)
        line.append("\",\"agent\":\"")
        append(record.agent, as: .json, to: &line)
        line.append("\"}")
    }

    // MARK: Parts

    private static func append<let capacity: Int>(
        _ text: AccessText<capacity>, as format: AccessFormat, to line: inout Buffer
    ) {
        if text.isEmpty, format != .json { return line.append("-") }
        for index in 0..<Int(text.count) { append(text[index], as: format, to: &line) }
        if text.isCut { line.append("...") }
    }

    private static func append(_ byte: UInt8, as format: AccessFormat, to line: inout Buffer) {
        guard byte < 32 || byte > 126 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
            return line.append(byte)
        }
        line.append(format == .json ? "\\u00" : "\\x")
        line.append(Buffer.hexDigit(Int(byte >> 4)))
        line.append(Buffer.hexDigit(Int(byte)))
    }

    private static func appendUpstream(_ record: AccessRecord, to line: inout Buffer) {
        guard record.upstream.port != 0 else { return line.append("-") }
        if !record.upstream.isIPv4 { line.append("[") }
        line.append(record.upstream)
        line.append(record.upstream.isIPv4 ? ":" : "]:")
        line.append(decimal: UInt64(record.upstream.port))
    }

    private static func appendSeconds(_ milliseconds: UInt64, to line: inout Buffer) {
        line.append(decimal: milliseconds / 1000)
        line.append(".")
        append(Int(milliseconds % 1000), width: 3, to: &line)
    }

    /// `2026-11-21T10:09:47.546Z`
    private static func appendTime(_ milliseconds: UInt64, to line: inout Buffer) {
        let (date, time) = CivilTime(seconds: milliseconds / 1000).parts
        append(date.year, width: 4, to: &line)
        line.append("-")
        append(date.month, width: 2, to: &line)
        line.append("-")
        append(date.day, width: 2, to: &line)
        line.append("T")
        append(time, to: &line)
        line.append(".")
        append(Int(milliseconds % 1000), width: 3, to: &line)
        line.append("Z")
    }

    /// `21/Nov/2026:10:09:47 +0000`
    private static func appendDate(_ milliseconds: UInt64, to line: inout Buffer) {
        let (date, time) = CivilTime(seconds: milliseconds / 1000).parts
        append(date.day, width: 2, to: &line)
        line.append("/")
        line.append(months[date.month - 1])
        line.append("/")
        append(date.year, width: 4, to: &line)
        line.append(":")
        append(time, to: &line)
        line.append(" +0000")
    }

    private static func append(_ time: (hour: Int, minute: Int, second: Int), to line: inout Buffer) {
        append(time.hour, width: 2, to: &line)
        line.append(":")
        append(time.minute, width: 2, to: &line)
        line.append(":")
        append(time.second, width: 2, to: &line)
    }

    private static func append(_ number: Int, width: Int, to line: inout Buffer) {
        var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
        while divisor > 0 {
            line.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private static var months: InlineArray<12, StaticString> {
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    }
}
