import HTTPReference
import OrreryWire
import Testing

/// The parser against the slow reading of the grammar, on messages made by chance: the same ones every time, and new ones
/// in every run. A failure names the seed, with which it can be made again.
struct HTTPPropertyTests {
    private static let fresh = UInt64.random(in: 1_000_000...(.max / 2))
    /// The same ones every time, then as many new ones.
    private static func seeds(_ count: UInt64) -> [UInt64] { Array(0..<count) + (0..<count).map { fresh + $0 } }

    @Test func requestsAreReadAsTheGrammarHasThem() {
        for seed in Self.seeds(3000) {
            var grammar = Grammar(seed)
            let message = grammar.request() + bytes("rest")
            guard let difference = requestDifference(message) else { continue }
            Issue.record("seed \(seed): \(difference) in \(text(message))")
            return
        }
    }

    @Test func answersAreReadAsTheGrammarHasThem() {
        for seed in Self.seeds(2000) {
            var grammar = Grammar(seed)
            let message = grammar.response() + bytes("rest")
            guard let difference = responseDifference(message) else { continue }
            Issue.record("seed \(seed): \(difference) in \(text(message))")
            return
        }
    }

    @Test func chunksAreReadAsTheGrammarHasThemOverEveryCut() {
        for seed in Self.seeds(300) {
            var grammar = Grammar(seed)
            let message = grammar.chunks()
            for cut in 0...message.count {
                guard let difference = chunkDifference(message + bytes("rest"), cut) else { continue }
                Issue.record("seed \(seed), cut at \(cut): \(difference) in \(text(message))")
                return
            }
        }
    }

    /// A beginning is never taken for a whole, and a good message is never refused half read.
    @Test func everyBeginningLeadsToTheSame() {
        for seed in Self.seeds(120) {
            var grammar = Grammar(seed)
            for isRequest in [true, false] {
                let message = isRequest ? grammar.request() : grammar.response()
                let whole = outcome(message, isRequest)
                for count in 0..<message.count {
                    let part = outcome(Array(message.prefix(count)), isRequest)
                    if part == .incomplete || part == whole { continue }
                    // Of several faults the first is found, wherever it is.
                    if case .bad = part, case .bad = whole { continue }
                    Issue.record("seed \(seed), \(count) bytes: \(part), not \(whole), in \(text(message))")
                    return
                }
            }
        }
    }

    private func outcome(_ message: [UInt8], _ isRequest: Bool) -> HeadOutcome {
        if isRequest {
            var head = RequestHead()
            return head.parse(message.span, limits: HeadLimits())
        }
        var head = ResponseHead()
        return head.parse(message.span, limits: HeadLimits())
    }

    private func text(_ message: [UInt8]) -> String { String(decoding: message, as: UTF8.self).debugDescription }
}
