/// What a model's upstream answers to a request.
struct ModelAnswer {
    enum Ending { case none, end, reset }

    /// Sent as soon as the head of the request is there, without waiting for its body.
    var isEarly = false
    /// The request is never answered.
    var isSilent = false
    /// It cannot be relayed.
    var isGarbage = false
    var status = 200
    var content: [UInt8] = []
    /// What is sent after both sides left HTTP.
    var tunnel: [UInt8] = []
    /// All that is sent, answers before the answer included.
    var bytes: [UInt8] = []
    /// Less is sent than was announced, or the connection is not to be used again.
    var isCut = false
    /// The content ends only where the connection does.
    var isOpenEnded = false
    var ending = Ending.none

    init(to request: ModelRequest, by chance: inout some Chance, isGentle: Bool) {
        if request.kind == .upgrade, !chance.isOnce(in: 4) {
            switchProtocol(request, &chance)
            return
        }
        isSilent = !isGentle && chance.isOnce(in: 30)
        isEarly = !isGentle && chance.isOnce(in: 5)
        status = chance.pick([200, 200, 200, 201, 204, 304, 404, 500])
        content = ModelRequest.pattern(request.number, "d", count: ModelRequest.size(&chance))
        let isBodiless = status == 204 || status == 304 || !request.hasAnswerBody
        if isBodiless { content = [] }
        var head = chance.isOnce(in: 6) ? "HTTP/1.1 103 Early Hints\r\nX-Number: \(request.number)\r\n\r\n" : ""
        if request.kind == .expecting, !isEarly {
            head += "HTTP/1.1 100 Continue\r\nX-Number: \(request.number)\r\n\r\n"
        }
        head += "HTTP/1.1 \(status) Status\r\nX-Number: \(request.number)\r\n"
        if chance.isOnce(in: 10) {
            head += "Connection: close\r\n"
            ending = .end
        }
        write(head, isBodiless: isBodiless, &chance)
        if !isGentle { spoil(request, &chance) }
    }

    private mutating func switchProtocol(_ request: ModelRequest, _ chance: inout some Chance) {
        status = 101
        tunnel = ModelRequest.pattern(request.number, "s", count: ModelRequest.size(&chance))
        let head =
            "HTTP/1.1 101 Switching\r\nX-Number: \(request.number)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        bytes = Array(head.utf8) + tunnel
    }

    private mutating func write(_ head: String, isBodiless: Bool, _ chance: inout some Chance) {
        switch isBodiless ? 3 : chance.below(3) {
        case 0: bytes = Array("\(head)Content-Length: \(content.count)\r\n\r\n".utf8) + content
        case 1:
            bytes = Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)
            var rest = content[...]
            while !rest.isEmpty {
                let count = min(rest.count, content.count > 1000 ? 3000 + chance.below(40_000) : 1 + chance.below(30))
                bytes += Array("\(String(count, radix: 16))\r\n".utf8) + rest.prefix(count) + [13, 10]
                rest = rest.dropFirst(count)
            }
            bytes += Array("0\r\n\r\n".utf8)
        case 2:
            bytes = Array("\(head)\r\n".utf8) + content
            (ending, isOpenEnded) = (.end, true)
        default: bytes = Array("\(head)\r\n".utf8)
        }
    }

    /// What servers do that are broken, dying or malicious.
    private mutating func spoil(_ request: ModelRequest, _ chance: inout some Chance) {
        switch chance.below(12) {
        case 0:
            bytes = Array(bytes.prefix(chance.below(bytes.count + 1)))
            ending = chance.isOnce(in: 2) ? .end : .reset
            isCut = true
        case 1 where !isOpenEnded:
            // Bytes that nobody asked for: they must reach nobody.
            bytes += Array("HTTP/1.1 200 Poison\r\nX-Number: \(request.number)\r\nContent-Length: 0\r\n\r\n".utf8)
            isCut = true
        case 2:
            let garbage = ["HTTP/1.1 200 OK\nX: y\n\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n"]
            bytes = Array(chance.pick(garbage).utf8)
            (isGarbage, isCut) = (true, true)
        case 3:
            ending = .reset
            isCut = true
        default: break
        }
    }
}
