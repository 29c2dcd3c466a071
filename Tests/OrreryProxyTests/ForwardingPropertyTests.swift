import HTTPReference
import Testing

@testable import OrreryProxy

/// What goes on to the upstream, against the slow reading, for requests made by chance.
struct ForwardingPropertyTests {
    @Test func headsGoOnAsTheRulesHaveThem() throws {
        let fresh = UInt64.random(in: 1_000_000...(.max / 2))
        for seed in Array(0..<200) + (fresh..<fresh + 200) {
            var grammar = Grammar(seed)
            let message = grammar.request()
            let (sent, answer) = try relay(message)
            let difference = difference(message, sent, answer)
            if difference == nil { continue }
            Issue.record(
                "seed \(seed): \(difference ?? "") in \(String(decoding: message, as: UTF8.self).debugDescription)")
            return
        }
    }

    private func relay(_ message: [UInt8]) throws -> (upstream: String?, client: String) {
        let rig = try Rig(routes: ["/": "http://10.0.0.1:8081"])
        let client = rig.client()
        rig.kernel.feed(client, message)
        rig.turn()
        return (rig.kernel.connected.last.map { rig.kernel.sent($0) }, rig.kernel.sent(client))
    }

    private func difference(_ message: [UInt8], _ sent: String?, _ answer: String) -> String? {
        switch ReferenceRequest.read(message) {
        case .unfinished: return sent == nil ? nil : "half a head was sent on"
        case .refused(let statuses):
            if sent != nil { return "was sent on" }
            return statuses.contains { answer.hasPrefix("HTTP/1.1 \($0) ") } ? nil : "got \(answer)"
        case .whole(let request):
            if request.isAsterisk { return answer.hasPrefix("HTTP/1.1 204 ") ? nil : "got \(answer)" }
            if request.method == Array("CONNECT".utf8) {
                return sent == nil && answer.hasPrefix("HTTP/1.1 405 ") ? nil : "got \(answer)"
            }
            // Another test has the paths that might be refused.
            if request.isPathDelicate { return nil }
            let expected = String(
                decoding: request.forwarded(from: "192.0.2.7", authority: "10.0.0.1:8081"), as: UTF8.self)
            // Behind the last head there may be a few bytes of a body that chance has made.
            return sent?.hasPrefix(expected) == true || isBrokenBody(request, message, answer)
                ? nil : "sent \(sent ?? "nothing"), not \(expected)"
        }
    }

    private func isBrokenBody(_ request: ReferenceRequest, _ message: [UInt8], _ answer: String) -> Bool {
        guard request.framing == .chunked else { return false }
        if case .refused = ReferenceChunks.read(Array(message[request.length...])) {
            return answer.hasPrefix("HTTP/1.1 400 ")
        }
        return false
    }
}
