internal import OrreryLink
package import OrreryModel

/// A site's HTTP proxy, through which the agent goes out with CONNECT (RFC 9110 9.3.6).
package struct HTTPProxy: Sendable, Equatable {
    package let place: ProxyPlace
    /// `user:password` in base64.
    package let credential: Secret?

    package init(place: ProxyPlace, credential: Secret? = nil) {
        self.place = place
        self.credential = credential
    }

    /// `http://[user:password@]host[:port][/]`, as the variable HTTPS_PROXY has it. Nil for what is none, `https://` among
    /// it.
    package init?(_ text: String) {
        var rest = text[...]
        if rest.hasPrefix("http://") { rest = rest.dropFirst(7) }
        if rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        var credential: Secret?
        if let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")) {
            guard let bytes = Self.unescaped(rest[..<at]) else { return nil }
            credential = Secret(Base64.encode(bytes))
            rest = rest[rest.index(after: at)...]
        }
        let hasPort = rest.utf8.lastIndex(of: UInt8(ascii: ":")).map { colon in
            !rest[colon...].utf8.contains(UInt8(ascii: "]"))
        }
        guard let place = ProxyPlace(hasPort == true ? String(rest) : "\(rest):80") else { return nil }
        self.init(place: place, credential: credential)
    }

    /// What the environment says about connections to `host`: `HTTPS_PROXY` or `https_proxy`, unless `NO_PROXY` or
    /// `no_proxy` names the host, a domain that it is in, or `*`. Throws when it names something that is no HTTP proxy.
    package static func of(_ environment: [String: String], to host: String) throws(AgentError) -> HTTPProxy? {
        guard let text = environment["HTTPS_PROXY"] ?? environment["https_proxy"], !text.isEmpty else { return nil }
        let excepted = (environment["NO_PROXY"] ?? environment["no_proxy"] ?? "").split(separator: ",")
        if excepted.contains(where: { Self.names($0.filter { $0 != " " }, host) }) { return nil }
        guard let proxy = HTTPProxy(text) else {
            throw .configuration("HTTPS_PROXY is not http://[user:password@]host:port")
        }
        return proxy
    }

    private static func names(_ pattern: String, _ host: String) -> Bool {
        guard pattern != "*" else { return true }
        let domain = pattern.lowercased().drop { $0 == "." }
        let host = host.lowercased()
        return !domain.isEmpty && (host.utf8.elementsEqual(domain.utf8) || host.hasSuffix(".\(domain)"))
    }

    /// What asks it for a connection to `target`.
    func request(for target: ProxyPlace) -> [UInt8] {
        var text = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let credential { text += "Proxy-Authorization: Basic \(credential.reveal())\r\n" }
        return Array((text + "\r\n").utf8)
    }

    enum Answer: Equatable {
        case incomplete
        case open
        /// In words.
        case refused(String)
    }

    /// Reads what it answers. What comes behind the head of a refusal is a page for people; nothing comes behind an agreement
    /// before we have spoken.
    static func answer(_ bytes: [UInt8]) -> Answer {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
            return bytes.count < 8192 ? .incomplete : .refused("its answer is too long")
        }
        let line = String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return .refused("its answer is not HTTP")
        }
        guard (200..<300).contains(status) else { return .refused("it answered \(status)") }
        return end.upperBound == bytes.endIndex ? .open : .refused("it says more than that the way is open")
    }

    private static func unescaped(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
