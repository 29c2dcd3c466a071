internal import OrreryWire

/// What the gate answers itself.
extension Worker {
    /// A person without a cookie is sent to the hub and comes back with one; everybody else is told.
    mutating func answerGate(_ client: UInt32, _ refusal: GateRefusal, _ bytes: consuming Buffer) -> Bool {
        // Whoever wanted to leave HTTP does not come back with another request.
        if head.wantsUpgrade { slots[client].exchange.closeAfterwards() }
        var out = headBuffer()
        let afterwards = ownEnding(client)
        let saysClose = afterwards != .keep
        let opensPage = bytes.read { isPage($0) }
        var status = refusal.status
        if opensPage, status == 401 {
            status = 302
            bytes.read { writeWayToLogin($0, to: &out) }
            endHead(saysClose: saysClose, to: &out)
        } else {
            writeRefusal(refusal, isPage: opensPage, saysClose: saysClose, to: &out)
        }
        leaveHead(client, bytes)
        noteAnswer(client, status)
        return conclude(client, out, afterwards)
    }

    private func writeRefusal(_ refusal: GateRefusal, isPage: Bool, saysClose: Bool, to out: inout Buffer) {
        let isHead = head.method == .head
        dateLine.read { date in
            if isPage, refusal.status != 400 {
                return StatusPage.write(refusal.status, isHead: isHead, saysClose: saysClose, date: date, to: &out)
            }
            let (fields, body): (StaticString, StaticString) =
                switch refusal {
                case .unready:
                    (
                        "Content-Type: application/json\r\nCache-Control: no-store\r\n",
                        "{\"status\":503,\"message\":\"The gate waits for the hub.\"}"
                    )
                case .unknown, .old:
                    (
                        "Content-Type: application/json\r\nCache-Control: no-store\r\nWWW-Authenticate: Cookie realm=\"orrery\"\r\n",
                        "{\"status\":401,\"message\":\"Nobody is logged in here.\"}"
                    )
                case .denied:
                    (
                        "Content-Type: application/json\r\nCache-Control: no-store\r\n",
                        "{\"status\":403,\"message\":\"This is not open to you.\"}"
                    )
                case .foreign:
                    (
                        "Content-Type: application/json\r\nCache-Control: no-store\r\n",
                        "{\"status\":403,\"message\":\"This request came from a page of another site.\"}"
                    )
                case .hostless:
                    (
                        "Content-Type: application/json\r\nCache-Control: no-store\r\n",
                        "{\"status\":400,\"message\":\"A login here is for one host; send its name in the field Host.\"}"
                    )
                }
            StatusPage.write(
                refusal.status, fields: fields, body: body, isHead: isHead, saysClose: saysClose, date: date, to: &out)
        }
    }

    // MARK: To the hub

    /// How long the address of the page may be that a person returns to, once escaped: a hub must be able to read it.
    private static var returnLimit: Int { 3000 }

    private func writeWayToLogin(_ bytes: Span<UInt8>, to out: inout Buffer) {
        out.append("HTTP/1.1 302 Found\r\nLocation: ")
        for byte in gate.settings?.login.utf8 ?? "/".utf8 { out.append(byte) }
        out.append(gate.isSecure ? "?next=https%3A%2F%2F" : "?next=http%3A%2F%2F")
        appendEscaped(bytes.extracting(head.fields.host.range), to: &out)
        appendReturn(bytes, to: &out)
        out.append("&state=")
        if let secret = gate.browserSecret(head, bytes) {
            gate.writeMark(of: bytes.extracting(secret.range), to: &out)
            out.append("\r\n")
        } else {
            let secret = gate.freshSecret()
            gate.writeMark(of: secret.span, to: &out)
            out.append("\r\n")
            gate.writeSecret(secret.span, to: &out)
        }
    }

    /// Appends path and query, or as much of them as is short enough.
    private func appendReturn(_ bytes: Span<UInt8>, to out: inout Buffer) {
        let start = out.count
        appendEscaped(bytes.extracting(head.path.range), to: &out)
        let path = out.count
        appendEscaped(bytes.extracting(head.query.range), to: &out)
        if out.count - start > Self.returnLimit { out.truncate(to: path) }
        if out.count - start > Self.returnLimit || out.count == start {
            out.truncate(to: start)
            out.append("%2F")
        }
    }

    // MARK: From the hub

    /// `/.orrery/enter`: exchanges the entry that the hub has given for a cookie of this host.
    mutating func answerEnter(_ client: UInt32, _ bytes: consuming Buffer) -> Bool {
        guard head.method == .get || head.method == .head else {
            leaveHead(client, bytes)
            return answer(client, 405, allowed: "GET, HEAD")
        }
        guard !head.fields.host.isEmpty else { return answerGate(client, .hostless, bytes) }
        var out = headBuffer()
        let afterwards = ownEnding(client)
        let saysClose = afterwards != .keep
        out.append("HTTP/1.1 302 Found\r\n")
        // A second tab finds the cookie that the first has got.
        let isIn = bytes.read { enter($0, &out) || isInside($0) }
        if isIn {
            bytes.read { writeReturn($0, to: &out) }
            endHead(saysClose: saysClose, to: &out)
        } else {
            out.reset()
            let isHead = head.method == .head
            dateLine.read { StatusPage.write(403, isHead: isHead, saysClose: saysClose, date: $0, to: &out) }
        }
        gate.forgetVisitor()
        leaveHead(client, bytes)
        noteAnswer(client, isIn ? 302 : 403)
        return conclude(client, out, afterwards)
    }

    private mutating func enter(_ bytes: Span<UInt8>, _ out: inout Buffer) -> Bool {
        let seconds = now.wall / 1000
        guard gate.settings != nil, let secret = gate.browserSecret(head, bytes) else { return false }
        let host = bytes.extracting(head.fields.host.range)
        let ticket = bytes.extracting(parameter("ticket", bytes).range)
        guard gate.enter(ticket, host: host, keeping: bytes.extracting(secret.range), at: seconds),
            !logouts.contains(gate.session)
        else { return false }
        return gate.writeCookie(host: host, at: seconds, to: &out)
    }

    private mutating func isInside(_ bytes: Span<UInt8>) -> Bool {
        gate.settings != nil && gate.admit(head, bytes, at: now.wall / 1000) && !logouts.contains(gate.session)
    }

    /// Where `next` leads on this host: never to another.
    private func writeReturn(_ bytes: Span<UInt8>, to out: inout Buffer) {
        out.append("Location: ")
        let start = out.count
        if !appendPath(bytes.extracting(parameter("next", bytes).range), to: &out) {
            out.truncate(to: start)
            out.append("/")
        }
        out.append("\r\nReferrer-Policy: no-referrer\r\n")
    }

    /// Appends what `escaped` stands for, if every browser reads that as a path: one slash in front, no backslash, and
    /// nothing but printable ASCII.
    private func appendPath(_ escaped: Span<UInt8>, to out: inout Buffer) -> Bool {
        var (index, count) = (0, 0)
        while index < escaped.count {
            var byte = escaped[index]
            index += 1
            if byte == UInt8(ascii: "%") {
                guard index + 1 < escaped.count, let high = escaped[index].hexValue,
                    let low = escaped[index + 1].hexValue
                else { return false }
                byte = high << 4 | low
                index += 2
            }
            let isSlash = byte == UInt8(ascii: "/")
            guard byte > 32, byte < 127, byte != UInt8(ascii: "\\"), count > 0 || isSlash, count != 1 || !isSlash else {
                return false
            }
            out.append(byte)
            count += 1
        }
        return count > 0
    }

    /// The value of a parameter of the query, as it was sent. Empty when there is none.
    private func parameter(_ name: StaticString, _ bytes: Span<UInt8>) -> Slice {
        var start = Int(head.query.start) + 1
        while start < Int(head.query.end) {
            let end = place(of: UInt8(ascii: "&"), in: start..<Int(head.query.end), bytes)
            let sign = place(of: UInt8(ascii: "="), in: start..<end, bytes)
            if sign < end, Slice(start, sign).isWord(name, bytes) { return Slice(sign + 1, end) }
            start = end + 1
        }
        return .nothing
    }

    private func endHead(saysClose: Bool, to out: inout Buffer) {
        out.append("Cache-Control: no-store\r\nContent-Length: 0\r\n")
        dateLine.read { out.append($0) }
        if saysClose { out.append("Connection: close\r\n") }
        out.append("\r\n")
    }
}
