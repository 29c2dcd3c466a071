extension ReferenceRequest {
    /// The head as it must reach a plain target without a path, whose authority is `authority`.
    package func forwarded(from client: String, authority: String) -> Bytes {
        var lines = [
            method + bytes(" ") + (isAsterisk ? bytes("*") : (path.isEmpty ? bytes("/") : path) + query)
                + bytes(" HTTP/1.1")
        ]
        lines += fields.lines.filter { isKept($0) }.map(\.text)
        if host.isEmpty { lines.append(bytes("Host: \(authority)")) }
        let digits = host.lastIndex(of: 58).map { Bytes(host[($0 + 1)...]) } ?? []
        let port = !digits.isEmpty && digits.allSatisfy(\.isDigit) && host.last != 93 ? digits : bytes("80")
        lines.append(bytes("X-Forwarded-For: ") + given("x-forwarded-for") + bytes(client))
        lines.append(bytes("X-Forwarded-Proto: ") + given("x-forwarded-proto") + bytes("http"))
        lines.append(bytes("X-Forwarded-Port: ") + given("x-forwarded-port") + port)
        if let given = fields.values("x-forwarded-host").first(where: { !$0.isEmpty }) {
            lines.append(bytes("X-Forwarded-Host: ") + given)
        } else if !host.isEmpty {
            lines.append(bytes("X-Forwarded-Host: ") + host)
        }
        if framing == .chunked { lines.append(bytes("Transfer-Encoding: chunked")) }
        if wantsUpgrade {
            lines.append(bytes("Connection: Upgrade"))
            lines.append(bytes("Upgrade: ") + (fields.values("upgrade").first ?? []))
        }
        lines.append(bytes(isHTTP10 ? "Via: 1.0 orrery-proxy" : "Via: 1.1 orrery-proxy"))
        return Bytes(lines.joined(separator: bytes("\r\n"))) + bytes("\r\n\r\n")
    }

    private func given(_ name: String) -> Bytes {
        Bytes(fields.values(name).filter { !$0.isEmpty }.map { $0 + bytes(",") }.joined())
    }

    /// RFC 9110 7.6.1: what is for this hop ends here, what `Connection` names too; but not what a client could lie with.
    private func isKept(_ line: ReferenceFields.Line) -> Bool {
        let name = String(decoding: line.name.lowered, as: UTF8.self)
        switch name {
        case "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te",
            "trailer",
            "transfer-encoding", "upgrade", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port",
            "x-forwarded-host":
            return false
        case "expect": return !isHTTP10
        case "host", "content-length", "cookie", "authorization", "date": return true
        default: return !line.name.contains(95) && !fields.connection.contains { $0.lowered == line.name.lowered }
        }
    }
}
