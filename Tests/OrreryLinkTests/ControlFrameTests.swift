import OrreryLink
import OrreryModel
import Testing

struct ControlFrameTests {
    private static let frames = [
        ControlFrame("ping", ["number": 7]), ControlFrame("pool", ["idle": 16]),
        ControlFrame("pending", ["code": "ABCD-EFGH", "say": "a sentence with ü and \"quotes\""]),
        ControlFrame("later"),
    ]

    /// Every way to cut the bytes in two, and every byte alone.
    @Test func framesComeTogetherFromAnySplit() throws {
        let bytes = Self.frames.flatMap { $0.encode() }
        for cut in 0...bytes.count {
            #expect(try Self.read([Array(bytes[..<cut]), Array(bytes[cut...])]) == Self.frames, "cut at \(cut)")
        }
        #expect(try Self.read(bytes.map { [$0] }) == Self.frames)
    }

    private static func read(_ parts: [[UInt8]]) throws -> [ControlFrame] {
        var reader = FrameReader()
        var frames: [ControlFrame] = []
        for part in parts {
            reader.take(part)
            while let frame = try reader.next() { frames.append(frame) }
        }
        #expect(!reader.isAmidFrame)
        return frames
    }

    @Test func aLengthBeyondTheLimitIsRefusedBeforeItsBytesCome() {
        var reader = FrameReader(limit: ControlFrame.strangerLimit)
        reader.take([0, 0, 0x40, 1])
        #expect(throws: LinkError.longFrame(count: 16_385, limit: 16_384)) { try reader.next() }
        reader = FrameReader()
        reader.take([255, 255, 255, 255])
        #expect(throws: LinkError.longFrame(count: 4_294_967_295, limit: 65_536)) { try reader.next() }
    }

    @Test func theLimitItselfIsTaken() throws {
        let filler = ControlFrame.strangerLimit - ControlFrame("x", ["a": ""]).encode().count + 4
        let frame = ControlFrame("x", ["a": .string(String(repeating: "y", count: filler))])
        #expect(frame.encode().count == 4 + ControlFrame.strangerLimit)
        var reader = FrameReader(limit: ControlFrame.strangerLimit)
        reader.take(frame.encode())
        #expect(try reader.next() == frame)
    }

    @Test(arguments: [
        "", "{", "[]", "1", "{\"type\":1}", "{}", "{\"type\":\"a\",\"type\":\"b\"}", "{\"type\":\"x\"} {}",
        "{\"type\":\"" + String(repeating: "x", count: 41) + "\"}",
    ])
    func isRefused(_ text: String) {
        #expect(throws: LinkError.self) { try ControlFrame(body: Array(text.utf8)) }
    }

    @Test func aFrameSaysWhetherItFits() {
        #expect(ControlFrame("x").fits)
        #expect(!ControlFrame("x", ["a": .string(String(repeating: "y", count: 65_536))]).fits)
    }

    @Test func oneThatIsTooLongIsNobodysEndButRefusedByWhoeverReadsIt() {
        var reader = FrameReader()
        reader.take(ControlFrame("x", ["a": .string(String(repeating: "\u{1}", count: 60_000))]).encode())
        #expect(throws: LinkError.self) { try reader.next() }
    }

    @Test func aCountIsNeverSoLargeThatSumsOverflow() {
        let frame = ControlFrame("x", ["a": 1_000_000_000, "b": 1_000_000_001, "c": .integer(.max)])
        #expect([frame.count("a"), frame.count("b"), frame.count("c")] == [1_000_000_000, nil, nil])
    }

    @Test func countsAreWholeAndNotNegative() {
        let frame = ControlFrame("x", ["a": 3, "b": -1, "c": 1.5, "d": "4"])
        #expect(
            [frame.count("a"), frame.count("b"), frame.count("c"), frame.count("d"), frame.count("e")] == [
                3, nil, nil, nil, nil,
            ])
    }
}
