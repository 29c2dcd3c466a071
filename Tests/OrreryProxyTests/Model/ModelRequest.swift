/// A request that a model's client sends, and what may become of it.
struct ModelRequest {
    enum Kind: CaseIterable { case plain, upload, chunked, upgrade, expecting, broken, local }

    let number: Int
    let kind: Kind
    var method = "GET"
    var isHTTP10 = false
    var saysClose = false
    /// The statuses that we may answer with ourselves, besides those for a failing upstream.
    var refusals: Set<Int> = []
    /// The content of its body.
    var content: [UInt8] = []
    /// All that is sent of it, tunnel included.
    var bytes: [UInt8] = []
    /// What the client sends once the other side has agreed to leave HTTP, or before.
    var tunnel: [UInt8] = []

    var isRepeatable: Bool { content.isEmpty && method != "POST" && kind != .upgrade }
    var path: String { number % 3 == 0 ? "/r\(number)" : "/user/ada/r\(number)" }
    var upstream: String { number % 3 == 0 ? "10.0.0.1:8081" : "10.0.0.2:8888" }
    var hasAnswerBody: Bool { method != "HEAD" }

    /// Bytes that only this request has, and that say which of its two sides sent them.
    static func pattern(_ number: Int, _ side: Character, count: Int) -> [UInt8] {
        let word = Array("\(side)\(number);".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + word.count)
        while bytes.count < count { bytes += word }
        return Array(bytes.prefix(count))
    }

    init(_ number: Int, by chance: inout some Chance, isGentle: Bool) {
        self.number = number
        let kinds: [Kind] = [.plain, .plain, .plain, .upload, .chunked, .upgrade, .expecting]
        kind = chance.pick(isGentle ? kinds : kinds + [.broken, .local])
        var fields = "Host: h\r\nX-Number: \(number)\r\n"
        let size = Self.size(&chance)
        switch kind {
        case .plain:
            method = chance.pick(["GET", "GET", "HEAD", "DELETE", "POST"])
            isHTTP10 = chance.isOnce(in: 12)
            saysClose = isHTTP10 || chance.isOnce(in: 12)
            if saysClose, !isHTTP10 { fields += "Connection: close\r\n" }
        case .upload, .expecting:
            method = chance.pick(["PUT", "POST", "GET"])
            content = Self.pattern(number, "u", count: size)
            fields += "Content-Length: \(size)\r\n"
            if kind == .expecting { fields += "Expect: 100-continue\r\n" }
        case .chunked:
            method = "POST"
            content = Self.pattern(number, "u", count: size)
            fields += "Transfer-Encoding: chunked\r\n"
        case .upgrade:
            fields += "Connection: Upgrade\r\nUpgrade: websocket\r\n"
            tunnel = Self.pattern(number, "c", count: size)
        case .broken:
            fields += chance.pick([
                "A : b\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n", "Transfer-Encoding: gzip\r\n", "A: \0\r\n",
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Host: i\r\n", "A: b\n", "Expect: x\r\n",
            ])
            refusals = [400, 417, 501]
        case .local:
            method = chance.pick(["TRACE", "CONNECT"])
            refusals = [405]
        }
        let version = isHTTP10 ? "HTTP/1.0" : "HTTP/1.1"
        bytes = Array("\(method) \(path) \(version)\r\n\(fields)\r\n".utf8)
        if kind == .chunked { appendChunks(&chance, isGentle) } else { bytes += content }
        bytes += tunnel
    }

    /// Mostly small, sometimes around the size of a buffer, and now and then more than a socket takes.
    static func size(_ chance: inout some Chance) -> Int {
        switch chance.below(24) {
        case 0: 0
        case 1: 300_000 + chance.below(1000)
        case 2, 3: 65_000 + chance.below(1200)
        case 4, 5: 4000 + chance.below(200)
        default: 1 + chance.below(60)
        }
    }

    private mutating func appendChunks(_ chance: inout some Chance, _ isGentle: Bool) {
        var rest = content[...]
        while !rest.isEmpty {
            let isBulk = content.count > 1000
            let count = min(rest.count, isBulk ? 3000 + chance.below(30_000) : 1 + chance.below(30))
            // There may be only so many bytes of them in all.
            let name = chance.isOnce(in: 5) && !isBulk ? ";a=\"b\"" : ""
            bytes += Array((String(count, radix: 16) + name + "\r\n").utf8) + rest.prefix(count) + [13, 10]
            rest = rest.dropFirst(count)
        }
        if !isGentle, chance.isOnce(in: 12) {
            refusals = [400]
            bytes += Array("x\r\n".utf8)
        }
        bytes += Array((chance.isOnce(in: 4) ? "0\r\nX-Trailer: 1\r\n\r\n" : "0\r\n\r\n").utf8)
    }
}
