internal import OrreryWire

/// Writes the head of a request as it goes to the upstream: what the client sent, without what was for us alone, with
/// what we know about the client.
enum RequestWriter {
    /// How many bytes a head has at most when it goes on over `route`: what we add are a few names of fields, an address,
    /// the name of the client's host or the target's, and what options add.
    @inline(__always) static func limit(
        _ head: borrowing RequestHead, _ route: RouteMatch, _ plan: borrowing ForwardingPlan
    ) -> Int {
        head.length + head.fields.host.count + route.base.count + route.query.count + route.authority.count
            + Gate.fieldsLimit + plan.fieldsLength + 640
    }

    /// Appends a head to `target`, which must have room for `limit` bytes. `text` writes what the route names. `visitor`
    /// writes what the gate knows. Cookies that are not for the target end here, and behind the gate tokens for the hub's
    /// interface too.
    static func write(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, from client: SocketAddress, isSecure: Bool,
        over route: RouteMatch, _ plan: borrowing ForwardingPlan, to target: inout Buffer,
        hidesAuthorization: Bool = false,
        text: (Slice, inout Buffer) -> Void,
        visitor: (inout Buffer) -> Void
    ) {
        target.append(bytes.extracting(head.methodName.range))
        target.append(" ")
        writeTarget(head, bytes, over: route, plan, to: &target, text: text)
        target.append(" HTTP/1.1\r\n")
        let hidesCookies = HubCookie.isIn(head.fields, bytes, isForHub: route.isHub)
        let known = KnownFields(
            hidesCookies: hidesCookies,
            hidesToken: hidesAuthorization || (route.isGated && HubToken.isIn(head.fields, bytes)),
            keepsForwarded: !plan.xForward, keepsHost: !plan.changesOrigin, keepsExpect: head.version == .http11)
        if plan.hasFields {
            appendLines(head.fields, bytes, to: &target, isKept: { known.areKept($0) }) { name, _, _ in
                plan.sets(name, bytes)
            }
            plan.appendFields(to: &target)
        } else {
            appendKept(head.fields, bytes, to: &target) { known.areKept($0) }
        }
        if hidesCookies, !plan.sets(.cookie) {
            HubCookie.writeOthers(head.fields, bytes, isForHub: route.isHub, to: &target)
        }
        if head.fields.host.isEmpty || plan.changesOrigin, !plan.sets(.host) {
            target.append("Host: ")
            text(route.authority, &target)
            target.append("\r\n")
        }
        visitor(&target)
        if plan.xForward { writeForwarded(head.fields, bytes, from: client, isSecure: isSecure, plan, to: &target) }
        if head.body.isChunked { target.append("Transfer-Encoding: chunked\r\n") }
        if head.wantsUpgrade {
            target.append("Connection: Upgrade\r\nUpgrade: ")
            target.append(bytes.extracting(head.fields.upgrade.range))
            target.append("\r\n")
        }
        target.append(head.version == .http11 ? "Via: 1.1 orrery-proxy\r\n\r\n" : "Via: 1.0 orrery-proxy\r\n\r\n")
    }

    /// Which of the fields with a meaning of their own go on as they came.
    private struct KnownFields {
        let hidesCookies: Bool
        let hidesToken: Bool
        let keepsForwarded: Bool
        let keepsHost: Bool
        let keepsExpect: Bool

        @inline(__always) func areKept(_ name: FieldName) -> Bool {
            switch name {
            case .cookie: !hidesCookies
            case .authorization: !hidesToken
            case .orreryPerson, .orrerySession: false
            case .forwardedFor, .forwardedHost, .forwardedPort, .forwardedProto: keepsForwarded
            case .host: keepsHost
            case .expect: keepsExpect
            default: !name.isHopByHop
            }
        }
    }

    /// Writes path and query: the target's before the request's.
    private static func writeTarget(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, over route: RouteMatch, _ plan: borrowing ForwardingPlan,
        to target: inout Buffer, text: (Slice, inout Buffer) -> Void
    ) {
        let hasBase = plan.prependsPath && !route.base.isEmpty
        if hasBase { text(route.base, &target) }
        let path = plan.includesPrefix ? head.path : withoutPrefix(head.path, segments: route.segments, bytes)
        // A target of a path alone is asked for just that when nothing is left of the request's.
        if path.isEmpty, !hasBase || plan.includesPrefix { target.append("/") }
        target.append(bytes.extracting(path.range))
        if route.query.isEmpty {
            target.append(bytes.extracting(head.query.range))
        } else {
            target.append("?")
            text(route.query, &target)
            if head.query.count > 1 {
                target.append("&")
                target.append(bytes.extracting(Int(head.query.start) + 1..<Int(head.query.end)))
            }
        }
    }

    /// The path without its first segments, as it was sent: what the route names may be escaped in another way there.
    private static func withoutPrefix(_ path: Slice, segments: Int, _ bytes: Span<UInt8>) -> Slice {
        var start = Int(path.start)
        for _ in 0..<segments where start < Int(path.end) {
            start = place(of: UInt8(ascii: "/"), in: start + 1..<Int(path.end), bytes)
        }
        return Slice(start, Int(path.end))
    }

    private static func writeForwarded(
        _ fields: borrowing Fields, _ bytes: Span<UInt8>, from client: SocketAddress, isSecure: Bool,
        _ plan: borrowing ForwardingPlan, to target: inout Buffer
    ) {
        if !client.isNone, !plan.hasFields, !hasGiven(fields), !fields.host.isEmpty {
            return writeFirstForwarded(fields.host, bytes, from: client, isSecure: isSecure, to: &target)
        }
        if client.isNone {
            // Whoever connects to a socket in the file system is another proxy here: it has said for whom, or nobody has.
            if !plan.sets(.forwardedFor) { appendGivenLines(fields, .forwardedFor, bytes, to: &target) }
        } else if !plan.sets(.forwardedFor) {
            target.append("X-Forwarded-For: ")
            appendGiven(fields, .forwardedFor, bytes, to: &target)
            target.append(client)
            target.append("\r\n")
        }
        if !plan.sets(.forwardedProto) {
            target.append("X-Forwarded-Proto: ")
            appendGiven(fields, .forwardedProto, bytes, to: &target)
            target.append(isSecure ? "https\r\n" : "http\r\n")
        }
        if !plan.sets(.forwardedPort) {
            target.append("X-Forwarded-Port: ")
            appendGiven(fields, .forwardedPort, bytes, to: &target)
            appendPort(fields.host, bytes, default: isSecure ? "443" : "80", to: &target)
            target.append("\r\n")
        }
        guard !plan.sets(.forwardedHost) else { return }
        let host = fields.host
        if appendLine(fields, .forwardedHost, "X-Forwarded-Host: ", bytes, to: &target) || host.isEmpty { return }
        target.append("X-Forwarded-Host: ")
        target.append(bytes.extracting(host.range))
        target.append("\r\n")
    }

    /// Whether a proxy before us has said anything.
    private static func hasGiven(_ fields: borrowing Fields) -> Bool {
        for index in 0..<fields.markCount {
            switch fields.mark(index).name {
            case .forwardedFor, .forwardedHost, .forwardedPort, .forwardedProto: return true
            default: continue
            }
        }
        return false
    }

    /// What almost every request gets: nobody has said anything before us.
    private static func writeFirstForwarded(
        _ host: Slice, _ bytes: Span<UInt8>, from client: SocketAddress, isSecure: Bool, to target: inout Buffer
    ) {
        target.append("X-Forwarded-For: ")
        target.append(client)
        if isSecure {
            target.append("\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: ")
        } else {
            target.append("\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ")
        }
        appendPort(host, bytes, default: isSecure ? "443" : "80", to: &target)
        target.append("\r\nX-Forwarded-Host: ")
        target.append(bytes.extracting(host.range))
        target.append("\r\n")
    }

    /// All fields of this name, unchanged.
    private static func appendGivenLines(
        _ fields: borrowing Fields, _ name: FieldName, _ bytes: Span<UInt8>, to target: inout Buffer
    ) {
        for index in 0..<fields.markCount where fields.mark(index).name == name {
            target.append(bytes.extracting(fields.mark(index).line.range))
        }
    }

    /// What proxies before us have said, with a comma after each.
    private static func appendGiven(
        _ fields: borrowing Fields, _ name: FieldName, _ bytes: Span<UInt8>, to target: inout Buffer
    ) {
        for index in 0..<fields.markCount where fields.mark(index).name == name {
            let value = fields.mark(index).value
            guard !value.isEmpty else { continue }
            target.append(bytes.extracting(value.range))
            target.append(",")
        }
    }

    /// The first field of this name that has a value, unchanged. False when there is none.
    private static func appendLine(
        _ fields: borrowing Fields, _ name: FieldName, _ prefix: StaticString, _ bytes: Span<UInt8>,
        to target: inout Buffer
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
