/// The fields of a head, and what is wrong with them.
package struct ReferenceFields: Equatable, Sendable {
    package struct Line: Equatable, Sendable {
        package var name: Bytes
        package var value: Bytes
        /// As it came, without CRLF.
        package var text: Bytes
    }

    package var lines: [Line] = []
    var faults: Set<Int> = []

    /// What this proxy understands; of other fields there may be as many as the limit allows.
    static let understood: Set<String> = [
        "authorization", "connection", "content-length", "cookie", "date", "expect", "x-forwarded-for",
        "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "host", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    init(_ texts: [Bytes], ofRequest: Bool) {
        for text in texts {
            guard let colon = text.firstIndex(of: 58) else {
                faults.insert(400)
                continue
            }
            let line = Line(
                name: Bytes(text[..<colon]), value: Bytes(text[(colon + 1)...]).trimmed, text: text)
            if !line.name.isToken || !text[(colon + 1)...].allSatisfy(\.isText) { faults.insert(400) }
            lines.append(line)
        }
        if texts.count > 200 { faults.insert(431) }
        let known = lines.count {
            Self.understood.contains(String(decoding: $0.name.lowered, as: UTF8.self))
                || (ofRequest && $0.name.contains(95))
        }
        if known > 24 { faults.insert(431) }
        let options = ["close", "keep-alive", "upgrade"]
        if connection.count(where: { option in !options.contains { option.is($0) } }) > 64 { faults.insert(431) }
        judgeLengths()
    }

    package func values(_ name: String) -> [Bytes] { lines.filter { $0.name.is(name) }.map(\.value) }
    package var connection: [Bytes] { values("connection").flatMap(\.elements) }
    func connectionSays(_ option: String) -> Bool { connection.contains { $0.is(option) } }

    /// RFC 9112 6.2 and 6.3, and never more than one way to find the end.
    private mutating func judgeLengths() {
        let lengths = values("content-length")
        if lengths.count > 1 { faults.insert(400) }
        for length in lengths where length.isEmpty || length.count > 18 || !length.allSatisfy(\.isDigit) {
            faults.insert(400)
        }
        let codings = values("transfer-encoding")
        if codings.count > 1 || (!codings.isEmpty && !lengths.isEmpty) { faults.insert(400) }
        for coding in codings where !coding.is("chunked") { faults.insert(coding.isToken ? 501 : 400) }
    }

    /// Only when there are no faults.
    var framing: ReferenceFraming {
        if !values("transfer-encoding").isEmpty { return .chunked }
        guard let length = values("content-length").first else { return .unsaid }
        return .length(UInt64(String(decoding: length, as: UTF8.self)) ?? 0)
    }
}

package enum ReferenceFraming: Equatable, Sendable {
    case unsaid, chunked
    case length(UInt64)
}

/// Parts a message's head from what follows, and its lines from each other. Nil: its end has not come.
func head(of message: Bytes) -> (lines: [Bytes], length: Int)? {
    guard let end = message.place(of: "\r\n\r\n") else { return nil }
    return (Bytes(message[..<end]).split(at: "\r\n"), end + 4)
}
