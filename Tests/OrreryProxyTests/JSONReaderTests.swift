import FoundationEssentials
import OrreryModel
import Testing

@testable import OrreryProxy

struct JSONReaderTests {
    @Test(
        arguments: [
            ("null", .null), (" true ", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-1", .integer(-1)),
            ("9223372036854775807", .integer(.max)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("1.5e3", .integer(1500)), ("1.0", .integer(1)), ("-0.25", .number(-0.25)), ("1E+2", .integer(100)),
            (#""""#, .string("")),
            (#""a\"\\\/\b\f\n\r\té""#, .string("a\"\\/\u{8}\u{c}\n\r\té")), (#""\u00e9\ud83d\ude00x""#, .string("é😀x")),
            ("[]", .array([])), ("[ 1 , [2] ]", .array([.integer(1), .array([.integer(2)])])), ("{}", .object([:])),
            (#" {"a" : 1 ,"b":{"c":null}}"#, .object(["a": .integer(1), "b": .object(["c": .null])])),
            (#"{"a":1,"a":2}"#, .object(["a": .integer(2)])), ("-0", .integer(0)),
        ] as [(String, JSON)])
    func isRead(_ text: String, _ value: JSON) { #expect(JSONReader.read(Array(text.utf8)) == value) }

    @Test(arguments: [
        "", " ", "nul", "nulll", "tru", "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1e999", "NaN", "\"",
        "\"a",
        "\"\\", #""\x""#, #""\u12""#, #""\ud800""#, #""\ud800x""#, #""\ud800\u0041""#, #""\udc00""#, "\"a\nb\"", "'a'",
        "[",
        "[1", "[1,", "[1,]", "[,1]", "{", #"{"a""#, #"{"a":"#, #"{"a":1,}"#, "{a:1}", "{1:1}", "{,}", "1 2", "[1]]",
        "\u{feff}1",
        "//x\n1",
    ])
    func isRefused(_ text: String) { #expect(JSONReader.read(Array(text.utf8)) == nil) }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(JSONReader.read([0x22, 0xff, 0x22]) == nil && JSONReader.read([0x22, 0xc0, 0xaf, 0x22]) == nil)
    }

    @Test func whatIsNestedTooDeepIsRefused() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(JSONReader.read(nested(128)) != nil && JSONReader.read(nested(129)) == nil)
        #expect(JSONReader.read(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) == nil)
    }

    /// Every document with one byte changed, against the general decoder.
    @Test func itAgreesWithTheGeneralDecoder() {
        let document = Array(#"{"target":"http://h:1","a":[1,-2.5e1,true,null,{"é":"\u00e9\n"}],"b":""}"#.utf8)
        var differing: [String] = []
        for place in document.indices {
            for byte in [0x20, 0x22, 0x2c, 0x30, 0x31, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x65, 0x80, 0x1f] as [UInt8]
            {
                var bytes = document
                bytes[place] = byte
                let general = try? JSONDecoder().decode(JSON.self, from: Data(bytes))
                if JSONReader.read(bytes) != general { differing.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }
        #expect(differing.prefix(5) == [])
    }
}
