import OrreryModel
import Testing

@testable import OrreryCrypto

@Suite struct StrictJSONTests {
    static let accepted: [(String, JSON)] = [
        ("null", nil), (" \t\r\n[ ] ", []), ("{}", [:]), ("[1,2 , 3]", [1, 2, 3]),
        (#"{"a":{"b":[true,false,null]}}"#, ["a": ["b": [true, false, nil]]]),
        ("0", 0), ("-0", 0), ("-17", -17), ("9223372036854775807", 9_223_372_036_854_775_807),
        ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", 1.5), ("1e2", .number(100)),
        ("-1.25E-2", -0.0125), (#""a\u00e4\ud83d\ude00\"\\\/\b\f\n\r\t""#, "aä😀\"\\/\u{8}\u{c}\n\r\t"),
        (#""ä😀""#, "ä😀"), (#"{"":1}"#, ["": 1]), (#"{"a":1,"A":2}"#, ["a": 1, "A": 2]),
    ]

    @Test(arguments: accepted) func reads(_ text: String, _ value: JSON) throws {
        #expect(try JSON(strict: text) == value)
    }

    static let refused: [(String, String)] = [
        ("", "ends"), ("  ", "ends"), ("{} x", "follows"), ("{}{}", "follows"), ("\u{feff}{}", "no value"),
        ("{}\0", "follows"), ("nul", "no value"), ("True", "no value"), ("[1,]", "no value"), ("[1 2]", "array"),
        ("[", "ends"), ("{", "member"), (#"{"a":1,}"#, "member"), (#"{"a" 1}"#, "`:`"), (#"{"a":}"#, "no value"),
        ("{a:1}", "member"), ("'a'", "no value"), (#"{"a":1,"a":1}"#, "twice"), (#"{"alg":1,"\u0061lg":2}"#, "twice"),
        (#"{"o":{"x":[{"a":1,"b":2,"a":3}]}}"#, "twice"), (#"["\ud800"]"#, "surrogate"), (#"["\ud800x"]"#, "surrogate"),
        (#"["\ude00"]"#, "surrogate"), (#"["\ud800\ud800"]"#, "surrogate"), (#"["\u0000"]"#, "NUL"),
        (#""\u12g4""#, "four"),
        (#""\x41""#, "escape"), ("\"a\nb\"", "control"), ("\"a", "inside"), (#""a\"#, "inside"), ("01", "follows"),
        ("+1", "no value"), ("-", "digit"), (".5", "no value"), ("1.", "digit"), ("1e", "digit"), ("1e999", "large"),
        ("NaN", "no value"), ("Infinity", "no value"), ("// c\n1", "no value"), ("0x10", "follows"),
        (String(repeating: "[", count: 17) + String(repeating: "]", count: 17), "deeply"),
    ]

    @Test(arguments: refused) func refuses(_ text: String, _ reason: String) {
        let error = #expect(throws: CryptoError.self) { try JSON(strict: text) }
        #expect(error?.kind == .json)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [[0x22, 0xff, 0x22], [0x22, 0xc0, 0xaf, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22]] as [[UInt8]])
    func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
        #expect(throws: CryptoError.self) { try JSON(strict: bytes) }
    }

    @Test func depthIsCountedAlongOnePathOnly() throws {
        #expect(throws: CryptoError.self) { try JSON(strict: "[[[]]]", depth: 2) }
        #expect(try JSON(strict: "[[],[],[[]]]", depth: 3) == [[], [], [[]]])
    }
}
