/// Makes messages by chance: mostly good ones, with every oddity that a parser must have an opinion about, and then
/// breaks some of them.
package struct Grammar: Sendable {
    package var chance: Seeded

    package init(_ seed: UInt64) { chance = Seeded(seed) }

    package mutating func request() -> Bytes {
        var text = chance.isOnce(in: 20) ? "\r\n" : ""
        text += chance.pick(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "get", "M-SEARCH", "CONNECT"]) + " "
        text += target() + " " + (chance.isOnce(in: 12) ? chance.pick(Self.versions) : "HTTP/1.1") + "\r\n"
        if !chance.isOnce(in: 25) { text += "Host: \(chance.isOnce(in: 8) ? chance.pick(Self.hosts) : "h")\r\n" }
        for _ in 0..<chance.below(6) { text += field(Self.requestFields) }
        return broken(bytes(text + "\r\n"), odds: 3)
    }

    package mutating func response() -> Bytes {
        var text = chance.isOnce(in: 10) ? "HTTP/1.0" : "HTTP/1.1"
        text += chance.pick([
            " 200 OK", " 204 ", " 101 x", " 304", " 404 Not Found", " 100 Continue", " 999 \u{e9}", " 099 x",
        ])
        text += "\r\n"
        for _ in 0..<chance.below(6) { text += field(Self.responseFields) }
        return broken(bytes(text + "\r\n"), odds: 3)
    }

    package mutating func chunks() -> Bytes {
        var text = ""
        for _ in 0..<chance.below(4) {
            let content = String(repeating: chance.pick(["a", "0", "\r\n", ";"]), count: chance.below(20) + 1)
            let size = String(content.utf8.count, radix: 16, uppercase: chance.isOnce(in: 2))
            text += chance.pick(["", "0", "00"]) + size + chunkExtension() + "\r\n" + content + "\r\n"
        }
        text += chance.pick(["0", "00", "000"]) + chunkExtension() + "\r\n"
        for _ in 0..<chance.below(3) { text += field(["A: b", "Content-Length: 5", "B:"]) }
        return broken(bytes(text + "\r\n"), odds: 2)
    }

    private mutating func chunkExtension() -> String {
        guard chance.isOnce(in: 3) else { return "" }
        return chance.pick([";a", ";a=b", " ; a = b", ";a=\"b c\"", ";a=\"\\\"\";b", ";", ";a ", " ", ";a=", ";a=\"b"])
    }

    private mutating func target() -> String {
        chance.isOnce(in: 4)
            ? chance.pick(Self.targets) : "/user/ada/" + String(repeating: "x", count: chance.below(40))
    }

    private mutating func field(_ fields: [String]) -> String {
        let field = chance.pick(fields)
        guard chance.isOnce(in: 5), let colon = field.firstIndex(of: ":") else { return field + "\r\n" }
        let blank = chance.pick([" ", "\t", "  \t", ""])
        return field[..<colon].uppercased() + ":" + blank + field[field.index(after: colon)...] + blank + "\r\n"
    }

    /// One of `odds` messages with a few bytes changed.
    private mutating func broken(_ message: Bytes, odds: Int) -> Bytes {
        guard chance.isOnce(in: odds) else { return message }
        var message = message
        for _ in 0...chance.below(3) where !message.isEmpty {
            let place = chance.below(message.count)
            switch chance.below(6) {
            case 0: message.remove(at: place)
            case 1: message.insert(chance.pick(Self.oddBytes), at: place)
            case 2: message[place] = chance.pick(Self.oddBytes)
            case 3: message[place] = UInt8(truncatingIfNeeded: chance.next())
            case 4: message.removeSubrange(place..<min(message.count, place + 1 + chance.below(8)))
            default:
                message.insert(contentsOf: message[place..<min(message.count, place + 1 + chance.below(16))], at: place)
            }
        }
        return message
    }

    private static let oddBytes: Bytes = [
        0, 9, 10, 13, 32, 33, 34, 44, 45, 47, 48, 53, 58, 59, 61, 64, 92, 95, 127, 128, 160,
    ]
    private static let versions = [
        "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/1.1 ", "http/1.1", "HTTP/1", "HTTP/11.1", "",
    ]
    private static let hosts = [
        "H", "hub.example:8000", "[::1]", "[::1]:80", "", "a,b", "a@b", "h:", "h:65536", "h:x", "a/b", "::1", "[",
        "h%41",
    ]
    private static let targets = [
        "/", "*", "http://h/a?b", "HTTPS://h", "http://H?x", "http://i/", "http://h:80/", "https://h:", "http://h:81/",
        "http://", "a", "/a#b",
        "/?a?b",
        "/\u{e9}", "//", "/a/../b", "ftp://h/", "/%2f", "h:80", "/a b", "",
    ]
    package static let requestFields = [
        "Accept: */*", "Cookie: a=b; c=d", "Content-Length: 5", "Content-Length: 0", "Content-Length: 05",
        "Content-Length: 5, 5", "Content-Length: +5", "Content-Length:", "Transfer-Encoding: chunked",
        "Transfer-Encoding: Chunked", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: \u{b}chunked", "Connection: close", "Connection: keep-alive", "Connection: X-A, upgrade",
        "Connection: Upgrade", "Connection: host, x-b,,content-length", "X-A: 1", "X-B: 2", "X_Forwarded_For: 6.6.6.6",
        "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: i", "X-Forwarded-Port: 1",
        "Upgrade: websocket", "Upgrade: h2c", "Upgrade: a/1, b", "Upgrade: a b", "Upgrade: ,", "Upgrade:",
        "Expect: 100-continue", "Expect: x", "TE: trailers", "Trailer: X", "Keep-Alive: 5", "Proxy-Authorization: x",
        "Proxy-Connection: x", "Via: 1.0 a", "Host: h", "Date: now", "Authorization: token t", "A: \u{e9}\tb", "A:",
        "Transfer-Encoding : chunked", " A: b", "A", ": b",
    ]
    package static let responseFields = [
        "Content-Length: 5", "Content-Length: 0", "Content-Length: 5, 5", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip", "Connection: close", "Connection: keep-alive", "Connection: X-A", "X-A: 1", "X_B: 1",
        "Set-Cookie: a=b", "Date: now", "Upgrade: websocket", "Upgrade: h2c", "Upgrade: a b", "Host: a, b", "Expect: x",
        "Keep-Alive: 5", "A: \u{e9}\tb", "A:", "A : b", " A: b", "A",
    ]
}
