/// What an agent says to a hand-off, before the first byte from its side.
package enum HandoffAnswer: Equatable, Sendable {
    /// From now on both sides pass on bytes.
    case accepted
    /// No: for this reason, in these words for the person. The connection is closed.
    case refused(Code, say: String)

    /// Why an agent refuses.
    package enum Code: UInt16, Sendable, CaseIterable {
        case noPod = 1
        case policy = 2
        case refusedConnection = 3
        case noAnswer = 4
        case leaving = 5
        // 6 was never said: a site that pauses lets what runs go on.
        case noTarget = 7
        case tooMany = 8
    }

    private static let yes: UInt8 = 0
    private static let no = UInt8(ascii: "E")
    /// The longest sentence, in bytes.
    package static let sentenceLimit = 1024
    /// The longest answer, in bytes.
    package static let limit = 5 + sentenceLimit

    /// A sentence beyond the limit ends there.
    package func encode() -> [UInt8] {
        switch self {
        case .accepted: return [Self.yes]
        case .refused(let code, let say):
            var text = say
            while text.utf8.count > Self.sentenceLimit { text.removeLast() }
            return [Self.no] + Self.pair(Int(code.rawValue)) + Self.pair(text.utf8.count) + Array(text.utf8)
        }
    }

    /// The answer at the beginning of `bytes`, and how many they are; nil when it is not whole yet. Of a code that is not
    /// known the agent's words are kept, and it counts as `noTarget`.
    package static func read(_ bytes: some Collection<UInt8>) throws(LinkError) -> (answer: HandoffAnswer, count: Int)?
    {
        guard let first = bytes.first else { return nil }
        if first == yes { return (.accepted, 1) }
        guard first == no else { throw .answer("begins with \(first), which is neither 0 nor 69") }
        guard bytes.count >= 5 else { return nil }
        let code = bytes.dropFirst().prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
        let count = bytes.dropFirst(3).prefix(2).reduce(0) { $0 << 8 | Int($1) }
        guard count <= sentenceLimit else { throw .answer("has a sentence of \(count) bytes") }
        let sentence = bytes.dropFirst(5).prefix(count)
        guard sentence.count == count else { return nil }
        guard let say = String(validating: sentence, as: UTF8.self) else {
            throw .answer("has a sentence that is not UTF-8")
        }
        return (.refused(Code(rawValue: code) ?? .noTarget, say: say), 5 + count)
    }

    private static func pair(_ number: Int) -> [UInt8] {
        [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    }
}
