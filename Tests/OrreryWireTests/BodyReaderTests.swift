import OrreryWire
import Testing

struct BodyReaderTests {
    @Test func aLengthEndsWhereItSays() {
        let (content, rest, isBad) = read("helloGET /", .length(5), cuts: [])
        #expect(content == "hello" && rest == "GET /" && !isBad)
    }

    /// However the bytes arrive, the content is the same and nothing of the next message is touched.
    @Test func chunksAreReadOverEveryCut() {
        let body = "5;a=b\r\nhello\r\n00006\r\n world\r\n0\r\nX-Trailer: yes\r\n\r\n"
        var wrong: [String] = []
        for first in 0...body.utf8.count {
            for second in stride(from: first, through: body.utf8.count, by: 3) {
                let (content, rest, isBad) = read(body + "NEXT", .chunked, cuts: [first, second])
                if content != "hello world" || rest != "NEXT" || isBad { wrong.append("cut at \(first) and \(second)") }
            }
        }
        #expect(wrong == [])
    }

    @Test(arguments: [
        " 5\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "g\r\n",
        "1000000000000000\r\n", "5;a=\nb\r\nhello\r\n0\r\n\r\n", "5\rhello", "0\r\n bad: x\r\n\r\n",
        "0\r\nbad x\r\n\r\n",
        "0\r\na: b\n\r\n", "0\r\n\rX", "-1\r\n", "5;\0\r\nhello\r\n0\r\n\r\n",
    ])
    func brokenChunksAreFound(_ body: String) {
        #expect(read(body, .chunked, cuts: []).isBad)
        #expect(read(body, .chunked, cuts: Array(0..<body.utf8.count)).isBad)
    }

    @Test func extensionsAndTrailersAreBounded() {
        #expect(read("5;" + String(repeating: "a", count: 20_000) + "\r\n", .chunked, cuts: []).isBad)
        #expect(read("0\r\nA: " + String(repeating: "a", count: 20_000) + "\r\n\r\n", .chunked, cuts: []).isBad)
    }

    @Test func onlyABodyWithoutALengthMayEndWithTheConnection() {
        var open = BodyReader(.untilEnd)
        var length = BodyReader(.length(1))
        var chunks = BodyReader(.chunked)
        #expect(open.end() && !length.end() && !chunks.end())
        #expect(open.isEnded && !length.isEnded && !chunks.isEnded)
    }

    /// The content of `text` cut into pieces, what follows it, and whether it is broken.
    private func read(_ text: String, _ framing: BodyFraming, cuts: [Int]) -> (
        content: String, rest: String, isBad: Bool
    ) {
        let bytes = Array(text.utf8)
        var reader = BodyReader(framing)
        var content: [UInt8] = []
        var start = 0
        for end in cuts + [bytes.count] where end >= start && !reader.isEnded {
            var piece = Array(bytes[start..<end])
            var span = piece.mutableSpan
            let step = reader.take(&span)
            if step.isBad { return ("", "", true) }
            content += piece[step.offset..<step.offset + step.count]
            start += step.consumed
        }
        return (String(decoding: content, as: UTF8.self), String(decoding: bytes[start...], as: UTF8.self), false)
    }
}
