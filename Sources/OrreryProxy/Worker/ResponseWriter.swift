internal import OrreryWire

/// Writes the head of an answer as it goes to the client.
enum ResponseWriter {
    /// How many bytes what is written may be longer than what was read: fields of ours, and one redirect that is led to the
    /// client's host.
    static var added: Int { 4096 }

    /// An answer, with what is to be said about its framing and the connection.
    static func write(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, form: Exchange.Form, date: Span<UInt8>,
        to target: inout Buffer
    ) {
        writeStatus(head, bytes, to: &target)
        let status = head.status
        appendKept(head.fields, bytes, to: &target) { isKept($0, status, form) }
        writeEnd(head, form: form, date: date, to: &target)
    }

    /// Whether `write` would write the very bytes that were read.
    static func changesNothing(_ head: borrowing ResponseHead, _ form: Exchange.Form) -> Bool {
        guard !head.isHTTP10, head.fields.hasDate, form == Exchange.Form() else { return false }
        for index in 0..<head.fields.markCount where !isKept(head.fields.mark(index).name, head.status, form) {
            return false
        }
        return !head.fields.connection.contains(.names)
    }

    /// The same, with a `Location` that leads where the plan says. Only the first one, should there be several: each could
    /// grow by the length of the client's host.
    static func writeRedirect(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, form: Exchange.Form, date: Span<UInt8>, note: RequestNote,
        plan: borrowing ForwardingPlan, to target: inout Buffer
    ) {
        writeStatus(head, bytes, to: &target)
        let status = head.status
        var isFirst = true
        appendLines(head.fields, bytes, to: &target, isKept: { isKept($0, status, form) }) { name, value, target in
            guard isFirst, isSame(bytes, name, as: "location") else { return false }
            isFirst = false
            return note.rewrite(value, bytes, plan, to: &target)
        }
        writeEnd(head, form: form, date: date, to: &target)
    }

    @inline(__always) private static func isKept(_ name: FieldName, _ status: Int, _ form: Exchange.Form) -> Bool {
        switch name {
        case .contentLength: form.keepsLength
        // RFC 9110 15.5.22: 426 names the protocols it wants here.
        case .upgrade: status == 426
        default: !name.isHopByHop
        }
    }

    private static func writeEnd(
        _ head: borrowing ResponseHead, form: Exchange.Form, date: Span<UInt8>, to target: inout Buffer
    ) {
        if form.framing == .chunked { target.append("Transfer-Encoding: chunked\r\n") }
        // RFC 9110 6.6.1: whoever has a clock adds the date that is missing.
        if !head.fields.hasDate { target.append(date) }
        if form.saysClose { target.append("Connection: close\r\n") }
        if form.saysKeepAlive { target.append("Connection: keep-alive\r\n") }
        target.append("\r\n")
    }

    /// An answer before the answer.
    static func writeInterim(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to target: inout Buffer) {
        writeStatus(head, bytes, to: &target)
        appendKept(head.fields, bytes, to: &target) { name in !name.isHopByHop && name != .contentLength }
        target.append("\r\n")
    }

    /// The answer that leaves HTTP.
    static func writeSwitch(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to target: inout Buffer) {
        writeStatus(head, bytes, to: &target)
        appendKept(head.fields, bytes, to: &target) { name in !name.isHopByHop && name != .contentLength }
        target.append("Connection: Upgrade\r\n")
        writeUpgrade(head, bytes, to: &target)
        target.append("\r\n")
    }

    /// An error page of the error target: its body and what the body is, under the status of the error.
    static func writeErrorPage(
        _ head: borrowing ResponseHead, _ bytes: Span<UInt8>, status: Int, form: Exchange.Form, date: Span<UInt8>,
        to target: inout Buffer
    ) {
        target.append("HTTP/1.1 ")
        target.append(StatusPage.line(status))
        target.append("\r\n")
        var start = Int(head.fields.lines.start)
        while start < Int(head.fields.lines.end) {
            var end = start
            while bytes[end] != 10 { end += 1 }
            end += 1
            var colon = start
            while bytes[colon] != UInt8(ascii: ":") { colon += 1 }
            let name = Slice(start, colon)
            let isLength = form.keepsLength && isSame(bytes, name, as: "content-length")
            if isLength || isSame(bytes, name, as: "content-type") || isSame(bytes, name, as: "content-encoding") {
                target.append(bytes.extracting(start..<end))
            }
            start = end
        }
        if form.framing == .chunked { target.append("Transfer-Encoding: chunked\r\n") }
        target.append(date)
        if form.saysClose { target.append("Connection: close\r\n") }
        if form.saysKeepAlive { target.append("Connection: keep-alive\r\n") }
        target.append("\r\n")
    }

    private static func writeStatus(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to target: inout Buffer) {
        target.append("HTTP/1.1 ")
        target.append(bytes.extracting(head.statusLine.range))
        target.append("\r\n")
    }

    private static func writeUpgrade(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>, to target: inout Buffer) {
        guard !head.fields.upgrade.isEmpty else { return }
        target.append("Upgrade: ")
        target.append(bytes.extracting(head.fields.upgrade.range))
        target.append("\r\n")
    }
}
