import OrreryModel
import Testing

@testable import OrreryProxy

struct FeedLineTests {
    @Test(
        arguments: [
            (
                #"{"epoch":"e1","number":7,"snapshot":true}"#,
                FeedLine(.head(FeedPosition(epoch: "e1", number: 7), isSnapshot: true))
            ),
            (
                #"{"set":"/user/ada","route":{"target":"http://10.0.0.1:1"},"number":8}"#,
                FeedLine(.set(key: "/user/ada", route: ["target": "http://10.0.0.1:1"]), number: 8)
            ),
            (#"{"remove":"/user/ada","number":9}"#, FeedLine(.remove(key: "/user/ada"), number: 9)),
            (#"{"logouts":["a","b"],"seconds":300}"#, FeedLine(.logouts(["a", "b"], seconds: 300))),
            (#"{"gate":{"keys":[]},"number":1}"#, FeedLine(.gate(["keys": []]), number: 1)),
            (#"{"end":7}"#, FeedLine(.end(7))),
            (#" {"alive":true} "#, FeedLine(.alive)),
            (#"{"weather":"fine","number":3}"#, FeedLine(.unknown("weather"), number: 3)),
        ])
    func isUnderstood(_ text: String, _ line: FeedLine) throws { #expect(try FeedLine(Array(text.utf8)) == line) }

    @Test(arguments: [
        "", "x", "[]", "{}", #"{"number":1}"#, #"{"epoch":"e","number":1}"#,
        #"{"epoch":"","number":1,"snapshot":true}"#,
        #"{"epoch":1,"number":1,"snapshot":true}"#, #"{"epoch":"e","number":-1,"snapshot":true}"#,
        #"{"set":"/a"}"#, #"{"set":1,"route":{}}"#, #"{"set":"/a","route":[]}"#, #"{"remove":null}"#,
        #"{"logouts":["a"]}"#, #"{"logouts":[""],"seconds":1}"#, #"{"logouts":"a","seconds":1}"#,
        #"{"logouts":["a"],"seconds":86401}"#, #"{"end":1.5}"#, #"{"remove":"/a","number":"1"}"#,
        #"{"remove":"/a","remove":"/b","number":1}"#, #"{"remove":"/a"} {"#,
    ])
    func isRefused(_ text: String) { #expect(throws: FeedFault.self) { try FeedLine(Array(text.utf8)) } }

    @Test(arguments: [1, 2, 3, 7, 100])
    func linesComeInPiecesOfAnySize(_ size: Int) throws {
        let bytes = Array("one\ntwo\n\nthree\nfo".utf8)
        var buffer = LineBuffer()
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            try buffer.take(Array(bytes[start..<min(start + size, bytes.count)])) {
                lines.append(String(decoding: $0, as: UTF8.self))
            }
        }
        #expect(lines == ["one", "two", "three"])
    }

    @Test(arguments: [true, false])
    func aLineHasABound(_ isEnded: Bool) throws {
        var buffer = LineBuffer()
        try buffer.take([UInt8](repeating: 32, count: LineBuffer.limit)) { _ in }
        #expect(throws: FeedFault.tooLong) {
            try buffer.take(isEnded ? Array("x\n".utf8) : Array("x".utf8)) { _ in }
        }
    }
}
