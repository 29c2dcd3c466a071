/// The head of a response as the grammar has it. Anything wrong with it is 502.
package struct ReferenceResponse: Equatable, Sendable {
    package var length = 0
    package var status = 0
    package var isHTTP10 = false
    package var statusLine: Bytes = []
    package var fields: ReferenceFields
    package var framing = ReferenceFraming.unsaid

    package var keepsAlive: Bool {
        !fields.connectionSays("close") && (!isHTTP10 || fields.connectionSays("keep-alive"))
    }

    package static func read(_ message: Bytes) -> Reading<ReferenceResponse> {
        guard let (lines, length) = head(of: message) else { return .unfinished }
        var response = ReferenceResponse(fields: ReferenceFields(Array(lines.dropFirst()), ofRequest: false))
        response.length = length
        let first = lines[0]
        let isWhole =
            first.count >= 12 && first.starts(with: bytes("HTTP/1.")) && (48...49).contains(first[7])
            && first[8] == 32 && first[9] != 48 && first[9..<12].allSatisfy(\.isDigit)
            && (first.count == 12 || first[12] == 32) && first[9...].allSatisfy(\.isText)
        let isClean =
            response.fields.faults.isEmpty && length <= 32 << 10
            && !lines.contains { $0.contains(10) || $0.contains(13) }
        guard isWhole, isClean else { return .refused([502]) }
        response.isHTTP10 = first[7] == 48
        response.statusLine = Bytes(first[9...])
        response.status = first[9..<12].reduce(0) { $0 * 10 + Int($1 - 48) }
        response.framing = response.fields.framing
        if response.isHTTP10, response.framing == .chunked { return .refused([502]) }
        return .whole(response)
    }
}
