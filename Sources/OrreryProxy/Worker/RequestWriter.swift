internal import OrreryWire

/// Writes the head of a request as it goes to the upstream: what the client sent, without what was for us alone, with
/// what we know about the client.
enum RequestWriter {
    /// How many bytes a head has at most when it goes on to a target with a path of `base` bytes: what we add are a few
    /// names of fields, an address, and the name of the client's host or the target's.
    static func limit(_ head: RequestHead, base: Int) -> Int {
        head.length + head.fields.host.count + base + Gate.fieldsLimit + 640
    }

    /// Appends a head to `target`, which must have room for `limit` bytes. `base` and `authority` write the path of the
    /// target and its `host:port`; they are asked only where needed. `visitor` writes what the gate knows. Cookies that
    /// are not for the target end here, and behind the gate tokens for the hub's interface too.
    static func write(
        _ head: RequestHead, _ bytes: Span<UInt8>, from client: SocketAddress, isSecure: Bool, isForHub: Bool,
        isGated: Bool, to target: inout Buffer, base: (inout Buffer) -> Void, authority: (inout Buffer) -> Void,
        visitor: (inout Buffer) -> Void
    ) {
        target.append(bytes.extracting(head.methodName.range))
        target.append(" ")
        if head.isAsterisk {
            target.append("*")
        } else {
            base(&target)
            if head.path.isEmpty { target.append("/") } else { target.append(bytes.extracting(head.path.range)) }
            target.append(bytes.extracting(head.query.range))
        }
        target.append(" HTTP/1.1\r\n")
        let hidesCookies = HubCookie.isIn(head.fields, bytes, isForHub: isForHub)
        let hidesToken = isGated && HubToken.isIn(head.fields, bytes)
        appendKept(head.fields, bytes, to: &target) { name in
            switch name {
            case .cookie: !hidesCookies
            case .authorization: !hidesToken
            case .orreryPerson, .orrerySession: false
            case .forwardedFor, .forwardedHost, .forwardedPort, .forwardedProto: false
            case .expect: head.version == .http11
            default: !name.isHopByHop
            }
        }
        if hidesCookies { HubCookie.writeOthers(head.fields, bytes, isForHub: isForHub, to: &target) }
        if head.fields.host.isEmpty {
            target.append("Host: ")
            authority(&target)
            target.append("\r\n")
        }
        visitor(&target)
        writeForwarded(head, bytes, from: client, isSecure: isSecure, to: &target)
        if head.body.isChunked { target.append("Transfer-Encoding: chunked\r\n") }
        if head.wantsUpgrade {
            target.append("Connection: Upgrade\r\nUpgrade: ")
            target.append(bytes.extracting(head.fields.upgrade.range))
            target.append("\r\n")
        }
        target.append(head.version == .http11 ? "Via: 1.1 orrery-proxy\r\n\r\n" : "Via: 1.0 orrery-proxy\r\n\r\n")
    }

    private static func writeForwarded(
        _ head: RequestHead, _ bytes: Span<UInt8>, from client: SocketAddress, isSecure: Bool, to target: inout Buffer
    ) {
        target.append("X-Forwarded-For: ")
        appendGiven(head.fields, .forwardedFor, bytes, to: &target)
        append(client, to: &target)
        target.append("\r\nX-Forwarded-Proto: ")
        appendGiven(head.fields, .forwardedProto, bytes, to: &target)
        target.append(isSecure ? "https\r\nX-Forwarded-Port: " : "http\r\nX-Forwarded-Port: ")
        appendGiven(head.fields, .forwardedPort, bytes, to: &target)
        appendPort(head.fields.host, bytes, default: isSecure ? "443" : "80", to: &target)
        target.append("\r\n")
        let host = head.fields.host
        if appendLine(head.fields, .forwardedHost, "X-Forwarded-Host: ", bytes, to: &target) || host.isEmpty { return }
        target.append("X-Forwarded-Host: ")
        target.append(bytes.extracting(host.range))
        target.append("\r\n")
    }

    /// What proxies before us have said, with a comma after each.
    private static func appendGiven(_ fields: Fields, _ name: FieldName, _ bytes: Span<UInt8>, to target: inout Buffer)
    {
        for index in 0..<fields.markCount where fields.mark(index).name == name {
            let value = fields.mark(index).value
            guard !value.isEmpty else { continue }
            target.append(bytes.extracting(value.range))
            target.append(",")
        }
    }

    /// The first field of this name that has a value, unchanged. False when there is none.
    private static func appendLine(
        _ fields: Fields, _ name: FieldName, _ prefix: StaticString, _ bytes: Span<UInt8>, to target: inout Buffer
    ) -> Bool {
        for index in 0..<fields.markCount where fields.mark(index).name == name {
            let value = fields.mark(index).value
            guard !value.isEmpty else { continue }
            target.append(prefix)
            target.append(bytes.extracting(value.range))
            target.append("\r\n")
            return true
        }
        return false
    }

    private static func append(_ address: SocketAddress, to target: inout Buffer) {
        guard address.isIPv4 else {
            for byte in address.host.utf8 { target.append(byte) }
            return
        }
        for index in 12..<16 {
            if index > 12 { target.append(UInt8(ascii: ".")) }
            target.append(decimal: address.byte(index))
        }
    }

    /// The port in `Host`, if there is one.
    private static func appendPort(
        _ host: Slice, _ bytes: Span<UInt8>, default port: StaticString, to target: inout Buffer
    ) {
        var start = Int(host.end)
        while start > Int(host.start), bytes[start - 1] &- 48 < 10 { start -= 1 }
        if start > Int(host.start), start < Int(host.end), bytes[start - 1] == UInt8(ascii: ":") {
            target.append(bytes.extracting(start..<Int(host.end)))
        } else {
            target.append(port)
        }
    }
}

/// Appends the lines of a head that go on: all that this proxy does not understand, and of the others those that
/// `isKept`. What `Connection` names goes no further either, unless it is something the next hop must be told.
func appendKept(
    _ fields: Fields, _ bytes: Span<UInt8>, to target: inout Buffer, isKept: (FieldName) -> Bool
) {
    if fields.connection.contains(.names) {
        appendUnnamed(fields, bytes, to: &target, isKept: isKept)
        return
    }
    // Lines were checked byte by byte, so they are copied as they are, in runs between those that are left out.
    var start = Int(fields.lines.start)
    for index in 0..<fields.markCount where !isKept(fields.mark(index).name) {
        let line = fields.mark(index).line
        target.append(bytes.extracting(start..<Int(line.start)))
        start = Int(line.end)
    }
    target.append(bytes.extracting(start..<Int(fields.lines.end)))
}

/// The same, line by line.
private func appendUnnamed(
    _ fields: Fields, _ bytes: Span<UInt8>, to target: inout Buffer, isKept: (FieldName) -> Bool
) {
    var start = Int(fields.lines.start)
    var mark = 0
    while start < Int(fields.lines.end) {
        var end = start
        while bytes[end] != 10 { end += 1 }
        end += 1
        if mark < fields.markCount, Int(fields.mark(mark).line.start) == start {
            // A client must not be able to strip what the upstream judges it by: our own fields, Host, Cookie, lengths.
            if isKept(fields.mark(mark).name) { target.append(bytes.extracting(start..<end)) }
            mark += 1
        } else {
            var colon = start
            while bytes[colon] != UInt8(ascii: ":") { colon += 1 }
            if !fields.names(bytes, Slice(start, colon)) { target.append(bytes.extracting(start..<end)) }
        }
        start = end
    }
}
