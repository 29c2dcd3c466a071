internal import OrreryWire

/// Lines about requests, for the operator. Paths only, no queries: those may hold what only the target should see.
extension Worker {
    /// How many failures a second get a line of their own. A target that is gone can fail a thousand times in one.
    private static var failureLines: Int { 10 }

    /// A request goes on to its target. Only at the level `debug`, as configurable-http-proxy says it.
    mutating func logRequest(_ bytes: borrowing Buffer, _ match: RouteMatch) {
        var target = buffers.buffer(for: match.authority.count)
        routes.append(match.authority, of: match, to: &target)
        let kind = head.wantsUpgrade ? "WS" : "WEB"
        let path = bytes.read { Self.text($0, head.path) }
        shared.log.write(.debug, "PROXY \(kind) \(path) to \(target.read { Self.text($0, Slice(0, $0.count)) })")
        buffers.recycle(target)
    }

    /// The upstream of `client` gives no answer.
    mutating func logFailure(_ client: UInt32, _ failure: Exchange.Failure) {
        failures += 1
        guard failures <= Self.failureLines else { return }
        let upstream = slots[client].partner
        let name = upstream == Slab<Slot>.none ? "its target" : shared.routes.peers.name(slots[upstream].endpoint)
        shared.log.write(.warn, "\(failure.status) \(requestName(client)): \(failure) at \(name)")
    }

    /// A second is over: tells of the failures that got no line.
    mutating func logOtherFailures() {
        if failures > Self.failureLines {
            shared.log.write(.warn, "\(failures - Self.failureLines) more requests failed within a second")
        }
        failures = 0
    }

    /// Method and path of the request as it went on, where they are still here.
    private mutating func requestName(_ client: UInt32) -> String {
        guard let sent = slots[client].replay.take() else { return "request" }
        let name = sent.read { bytes in
            let method = place(of: UInt8(ascii: " "), in: 0..<bytes.count, bytes)
            var end = method + 1
            while end < bytes.count, bytes[end] != UInt8(ascii: " "), bytes[end] != UInt8(ascii: "?") { end += 1 }
            return Self.text(bytes, Slice(0, min(end, bytes.count)))
        }
        slots[client].replay.put(sent)
        return name
    }

    private static func text(_ bytes: Span<UInt8>, _ slice: Slice) -> String {
        String(decoding: slice.range.map { bytes[$0] }, as: UTF8.self)
    }
}
