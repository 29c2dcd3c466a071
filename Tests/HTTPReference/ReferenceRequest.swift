/// The head of a request as the grammar has it.
package struct ReferenceRequest: Equatable, Sendable {
    package var length = 0
    package var method: Bytes = []
    package var path: Bytes = []
    package var query: Bytes = []
    package var isAsterisk = false
    package var isHTTP10 = false
    package var fields: ReferenceFields
    package var framing = ReferenceFraming.unsaid
    package var host: Bytes = []

    package var keepsAlive: Bool {
        !fields.connectionSays("close") && (!isHTTP10 || fields.connectionSays("keep-alive"))
    }

    /// RFC 9110 7.8. Offers of what would hide requests from us are as if they had not been made.
    package var wantsUpgrade: Bool {
        guard !isHTTP10, fields.connectionSays("upgrade"), let offer = fields.values("upgrade").first else {
            return false
        }
        return !offer.elements.isEmpty && !Self.hides(offer)
    }

    static func hides(_ offer: Bytes) -> Bool {
        offer.elements.contains {
            ["h2c", "h2", "http", "tls"].contains(String(decoding: $0.split(at: "/")[0].lowered, as: UTF8.self))
        }
    }
}

extension ReferenceRequest {
    package static func read(_ message: Bytes) -> Reading<ReferenceRequest> {
        let skipped = message.starts(with: bytes("\r\n")) ? 2 : 0
        guard let (lines, length) = head(of: Bytes(message[skipped...])) else { return .unfinished }
        var request = ReferenceRequest(fields: ReferenceFields(Array(lines.dropFirst()), ofRequest: true))
        request.length = length + skipped
        var faults = request.fields.faults
        if request.length > 32 << 10 { faults.insert(431) }
        if lines.contains(where: { $0.contains(10) || $0.contains(13) }) { faults.insert(400) }
        request.readFirst(lines[0], &faults)
        request.judgeHost(lines[0], &faults)
        request.judgeWishes(&faults)
        guard faults.isEmpty else { return .refused(faults) }
        return .whole(request)
    }

    /// RFC 9112 3: `method SP request-target SP HTTP-version`.
    private mutating func readFirst(_ line: Bytes, _ faults: inout Set<Int>) {
        let words = line.split(at: " ")
        guard words.count == 3 else {
            faults.formUnion([400, 505])
            // Another one may be found before the line is seen to have too many words.
            if line.count > 16 << 10 { faults.insert(414) }
            return
        }
        method = words[0]
        if !method.isToken || method.count > 32 { faults.insert(400) }
        if words[1].count > 16 << 10 { faults.insert(414) }
        readVersion(words[2], &faults)
        readTarget(words[1], &faults)
    }

    private mutating func readVersion(_ version: Bytes, _ faults: inout Set<Int>) {
        isHTTP10 = version == bytes("HTTP/1.0")
        if isHTTP10 || version == bytes("HTTP/1.1") { return }
        let isVersion =
            version.count >= 8 && version.starts(with: bytes("HTTP/")) && version[6] == 46
            && version[5].isDigit && version[7].isDigit
        if isVersion { faults.insert(505) }
        if !isVersion || version.count > 8 { faults.insert(400) }
    }

    private mutating func readTarget(_ target: Bytes, _ faults: inout Set<Int>) {
        if target.isEmpty || !target.allSatisfy({ (33...126).contains($0) && $0 != 35 }) { faults.insert(400) }
        var rest = target
        if target == bytes("*") {
            isAsterisk = true
            if method != bytes("OPTIONS") { faults.insert(400) }
            return
        }
        if target.first != 47 {
            guard let scheme = ["http://", "https://"].first(where: { target.lowered.starts(with: bytes($0)) }) else {
                if method != bytes("CONNECT") || !Self.isAuthority(target) { faults.insert(400) }
                return
            }
            rest = Bytes(target[scheme.utf8.count...])
            rest = Bytes(rest.drop { $0 != 47 && $0 != 63 })
        }
        let question = rest.firstIndex(of: 63) ?? rest.count
        (path, query) = (Bytes(rest[..<question]), Bytes(rest[question...]))
    }

    /// RFC 9112 3.2: one host, and the one of the target.
    private mutating func judgeHost(_ line: Bytes, _ faults: inout Set<Int>) {
        let hosts = fields.values("host")
        if hosts.count > 1 || hosts.contains(where: { !Self.isAuthority($0) }) { faults.insert(400) }
        host = hosts.first ?? []
        if host.isEmpty, !isHTTP10 { faults.insert(400) }
        let target = line.split(at: " ").dropFirst().first ?? []
        guard let scheme = ["http://", "https://"].first(where: { target.lowered.starts(with: bytes($0)) }) else {
            return
        }
        let authority = Bytes(target[scheme.utf8.count...].prefix { $0 != 47 && $0 != 63 })
        let port = scheme == "http://" ? "80" : "443"
        if host.isEmpty || Self.normal(authority, port: port) != Self.normal(host, port: port) { faults.insert(400) }
    }

    /// RFC 9110 4.2.3: an authority with the port of its scheme, or with an empty one, is the one without.
    private static func normal(_ authority: Bytes, port: String) -> Bytes {
        guard let colon = authority.lastIndex(of: 58), colon > 0 else { return authority.lowered }
        let digits = Bytes(authority[(colon + 1)...])
        return (digits.isEmpty || digits == bytes(port) ? Bytes(authority[..<colon]) : authority).lowered
    }

    /// RFC 3986 3.2: a name or an IPv6 address, and a port.
    static func isAuthority(_ text: Bytes) -> Bool {
        guard !text.isEmpty, text.count <= 1024 else { return false }
        var port: Bytes = []
        if text[0] == 91 {
            guard let end = text.firstIndex(of: 93), end > 1 else { return false }
            guard text[1..<end].allSatisfy({ $0.isHexDigit || $0 == 58 || $0 == 46 }) else { return false }
            port = Bytes(text[(end + 1)...])
        } else {
            let end = text.firstIndex(of: 58) ?? text.count
            let isName = text[..<end].allSatisfy { $0.isLetter || $0.isDigit || bytes("-._~!$&'()*+;=").contains($0) }
            guard end > 0, isName else { return false }
            port = Bytes(text[end...])
        }
        guard let colon = port.first else { return true }
        let digits = port.dropFirst()
        guard colon == 58, digits.count <= 5, digits.allSatisfy(\.isDigit) else { return false }
        return digits.isEmpty || Int(String(decoding: digits, as: UTF8.self)).map { $0 < 65536 } ?? false
    }

    /// What is asked for beyond an answer, and whether it can be.
    private mutating func judgeWishes(_ faults: inout Set<Int>) {
        let offers = fields.values("upgrade")
        if offers.count > 1 { faults.insert(400) }
        for protocolName in offers.flatMap(\.elements) {
            let parts = protocolName.split(at: "/")
            if parts.count > 2 || parts.contains(where: { !$0.isToken }) { faults.insert(400) }
        }
        if fields.faults.isEmpty { framing = fields.framing }
        guard !isHTTP10 else {
            if framing == .chunked { faults.insert(400) }
            return
        }
        if fields.values("expect").contains(where: { !$0.is("100-continue") }) { faults.insert(417) }
        if wantsUpgrade, framing != .unsaid, framing != .length(0) { faults.insert(400) }
    }
}
