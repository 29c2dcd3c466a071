import OrreryWire
import Testing

/// Whose download leaves room for whose words.
struct ConversationTests {
    private var conversation = Conversation()
    private var words: UInt8 = 0

    private mutating func say(_ sizes: Int..., at now: UInt64 = 5000) {
        for size in sizes { words = conversation.listen(to: size, of: 1, after: words, at: now) }
    }

    private func wantsRoom(beside connection: UInt32 = 2, streak: UInt8 = 0, at now: UInt64 = 5000) -> Bool {
        conversation.wantsRoom(beside: connection, streak: streak, at: now)
    }

    @Test mutating func threeWordsInARowAreAConversation() {
        say(1, 4096)
        #expect(!wantsRoom())
        say(1)
        #expect(wantsRoom())
        #expect(!wantsRoom(beside: 1), "not with itself")
    }

    @Test mutating func aLargeMessageBeginsAnew() {
        say(1, 1, 4097, 1, 1)
        #expect(!wantsRoom())
        say(1)
        #expect(wantsRoom())
    }

    @Test mutating func itIsForgottenAfterASecond() {
        say(1, 1, 1)
        #expect(wantsRoom(at: 5999) && !wantsRoom(at: 6000))
        say(1, at: 7000)
        #expect(wantsRoom(at: 7000), "its next word goes on")
    }

    @Test mutating func aDownloadThatWeBoundIsNotSlowedDown() {
        say(1, 1, 1)
        #expect(wantsRoom(streak: 11) && !wantsRoom(streak: 12))
    }

    @Test mutating func theCountDoesNotWrap() {
        for _ in 0..<600 { say(1) }
        #expect(wantsRoom() && words == .max)
    }

    /// The engine's own record is what portions are made of.
    @Test func aPortionIsTwoRecords() { #expect(Conversation.portion == 2 * TLSEngine.record) }
}
