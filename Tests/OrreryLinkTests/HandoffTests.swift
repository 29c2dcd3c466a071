import OrreryLink
import Testing

struct HandoffTests {
    private static let pod = Handoff(.pod(uid: "6f1d-2", port: 8888), trace: "ab_C-9")

    @Test func hasTheBytesOfThePage() {
        #expect(Self.pod.encode() == [1, 0, 13] + Array("p/6f1d-2/8888".utf8) + [0, 6] + Array("ab_C-9".utf8))
        #expect(Handoff(.api).encode() == [1, 0, 1, UInt8(ascii: "k"), 0, 0])
    }

    @Test(arguments: [pod, Handoff(.api), Handoff(.pod(uid: String(repeating: "u", count: 253), port: 65535))])
    func isReadOnceItIsWhole(_ handoff: Handoff) throws {
        let bytes = handoff.encode()
        for count in 0..<bytes.count { #expect(try Handoff.read(bytes[..<count]) == nil, "\(count) bytes") }
        let whole = try #require(try Handoff.read(bytes + Array("GET / HTTP/1.1".utf8)))
        #expect(whole.handoff == handoff && whole.count == bytes.count)
    }

    @Test(arguments: [
        "x", "K", "k/", "p", "p/", "p//1", "p/u", "p/u/", "p/u/0", "p/u/65536", "p/u/+1", "p/u/01", "p/u/1/", "p/u v/1",
        "p/u\u{301}/1", "P/u/1", "p/../1/2", "p/u/1\0", "q/u/1", "",
    ])
    func isNoTarget(_ text: String) {
        #expect(Handoff.Target(text) == nil)
        let bytes = [1, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count)] + Array(text.utf8) + [0, 0]
        #expect(throws: LinkError.self) { try Handoff.read(bytes) }
    }

    @Test(
        arguments: [
            ([0], "version 0"), ([2], "version 2"), ([UInt8(ascii: "G")], "version 71"), ([1, 1, 9], "target of 265"),
            ([1, 0, 1, 107, 0, 65], "trace of 65"), ([1, 0, 1, 107, 0, 1, 32], "trace that is not"),
        ] as [([UInt8], String)])
    func isRefusedEarly(_ bytes: [UInt8], _ word: String) {
        let error = #expect(throws: LinkError.self) { try Handoff.read(bytes) }
        #expect("\(String(describing: error))".contains(word))
    }

    @Test func aTraceThatCannotBeSentIsLeftOut() {
        #expect(Handoff(.api, trace: "a b").trace.isEmpty)
        #expect(Handoff(.api, trace: String(repeating: "a", count: 65)).trace.isEmpty)
    }

    @Test(
        arguments: [.accepted, .refused(.leaving, say: ""), .refused(.policy, say: "Registry x is not allowed. é")]
            as [HandoffAnswer])
    func anAnswerIsReadOnceItIsWhole(_ answer: HandoffAnswer) throws {
        let bytes = answer.encode()
        for count in 0..<bytes.count { #expect(try HandoffAnswer.read(bytes[..<count]) == nil) }
        let whole = try #require(try HandoffAnswer.read(bytes + [72]))
        #expect(whole.answer == answer && whole.count == bytes.count)
    }

    @Test(arguments: [[1], [UInt8(ascii: "H")], [69, 0, 1, 4, 1], [69, 0, 1, 0, 1, 0xff]] as [[UInt8]])
    func garbageIsNoAnswer(_ bytes: [UInt8]) { #expect(throws: LinkError.self) { try HandoffAnswer.read(bytes) } }

    @Test func anUnknownCodeKeepsItsSentence() throws {
        let whole = try HandoffAnswer.read([69, 1, 0, 0, 2] + Array("no".utf8))
        #expect(whole?.answer == .refused(.noTarget, say: "no"))
    }

    @Test func aSentenceIsCutBetweenCharacters() throws {
        let bytes = HandoffAnswer.refused(.policy, say: "x" + String(repeating: "é", count: 600)).encode()
        #expect(bytes.count == 5 + 1023)
        #expect(try HandoffAnswer.read(bytes) != nil)
    }

    @Test func codesAreThoseOfThePage() {
        #expect(HandoffAnswer.Code.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 7, 8])
    }

    @Test func aGreetingIsSixteenBytes() throws {
        let greeting = DataGreeting(agent: AgentID(number: 0x0102_0304_0506_0708), number: 0x090a_0b0c)
        #expect(greeting.encode() == [79, 82, 49, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        #expect(try DataGreeting(greeting.encode()) == greeting)
        for bytes in [Array(greeting.encode().dropLast()), [79, 82, 50, 0] + greeting.encode().dropFirst(4)] {
            #expect(throws: LinkError.self) { try DataGreeting(bytes) }
        }
    }
}
