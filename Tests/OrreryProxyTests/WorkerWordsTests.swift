import OrreryWire
import Testing

@testable import OrreryProxy

/// Who types, while another's download comes in bursts.
struct WorkerWordsTests {
    private let rig: Rig
    private let typist, pod, reader, origin: CInt
    private static let burst = 100_000
    private static let portion = Conversation.portion

    init() throws {
        rig = try Rig()
        typist = rig.client()
        rig.send(typist, Sample.upgrade)
        pod = try rig.upstream()
        rig.send(pod, Sample.switching)
        reader = rig.client()
        rig.send(reader, "GET /data HTTP/1.1\r\nHost: h\r\n\r\n")
        origin = try rig.upstream()
    }

    private func answer(length: Int) {
        rig.send(origin, "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n")
        _ = rig.kernel.sentBytes(reader)
    }

    private func type(_ count: Int) { for _ in 0..<count { rig.send(typist, "k") } }

    private func feed(_ count: Int) { rig.kernel.feed(origin, [UInt8](repeating: 7, count: count)) }

    /// How much goes on to the reader before the worker looks again for what has happened.
    private func moved() -> Int {
        rig.turnOnce()
        return rig.kernel.sentBytes(reader).count
    }

    @Test(arguments: [0, 2]) func aBurstGoesAtOnceWhileNobodyConverses(_ words: Int) {
        answer(length: 2 * Self.burst)
        type(words)
        feed(Self.burst)
        #expect(moved() == Self.burst)
    }

    @Test func aBurstLeavesRoomForAConversation() {
        answer(length: 2 * Self.burst)
        type(3)
        feed(Self.burst)
        let rest = Self.burst - 3 * Self.portion
        #expect([moved(), moved(), moved(), moved()] == [Self.portion, Self.portion, Self.portion, rest])
        // Both its own event and its place in the queue bring it its turn, and it has but one.
        feed(Self.portion)
        #expect(moved() == Self.portion)
        rig.kernel.feed(origin, [UInt8](repeating: 7, count: 2 * Self.portion))
        rig.kernel.feed(typist, "word")
        #expect(moved() == Self.portion && rig.kernel.sent(pod).hasSuffix("word"))
    }

    @Test func aConversationThatHasEndedIsForgotten() {
        answer(length: 2 * Self.burst)
        type(3)
        rig.pass(.seconds(2))
        feed(Self.burst)
        #expect(moved() == Self.burst)
    }

    @Test func aLargeMessageEndsAConversation() {
        answer(length: 2 * Self.burst)
        type(2)
        rig.send(pod, String(repeating: "x", count: 5000))
        type(2)
        feed(Self.burst)
        #expect(moved() == Self.burst)
    }

    @Test func aDownloadWithoutPausesMovesAsFastAsItCan() {
        answer(length: 10_000_000)
        type(3)
        feed(10_000_000)
        let first = (0..<12).map { _ in moved() }
        #expect(first == [Int](repeating: Self.portion, count: 12))
        #expect(moved() > 2 * Self.portion)
        rig.turn()
        #expect(rig.kernel.sentBytes(reader).count > 1_000_000)
    }

    @Test func requestsOnOneConnectionAreNotHeldBack() {
        answer(length: 2)
        rig.send(origin, "ok")
        type(3)
        rig.kernel.feed(reader, Sample.get)
        rig.turnOnce()
        rig.turnOnce()
        #expect(rig.kernel.connected.count == 3)
    }
}
