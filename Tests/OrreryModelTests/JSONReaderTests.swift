import OrreryModel
import Testing

struct JSONReaderTests {
    /// Everything that the reader can make of a document, as a value.
    private static func value(_ reader: inout JSONReader) throws(JSONReader.Offence) -> JSON {
        var (copy, found): (JSONReader, JSON?) = (reader, nil)
        if let text = try? copy.string() { (reader, found) = (copy, .string(text)) }
        copy = reader
        if found == nil, let number = try? copy.integer(Int64.self) { (reader, found) = (copy, .integer(number)) }
        copy = reader
        if found == nil, let flag = try? copy.bool() { (reader, found) = (copy, .bool(flag)) }
        copy = reader
        if found == nil, (try? copy.isNull()) == true { (reader, found) = (copy, .null) }
        copy = reader
        var list: [JSON] = []
        if found == nil, (try? copy.values { r throws(JSONReader.Offence) in list.append(try value(&r)) }) != nil {
            (reader, found) = (copy, .array(list))
        }
        if let found { return found }
        var members: [String: JSON] = [:]
        try reader.members { name, r throws(JSONReader.Offence) in members[name] = try value(&r) }
        return .object(members)
    }

    @Test(
        arguments: [
            (#"{"a": [1, -2, true, false, null], "b": {"c": ""}}"#, ["a": [1, -2, true, false, nil], "b": ["c": ""]]),
            (#" [ ] "#, []), (#"{}"#, [:]),
            (#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00""#, "a\"\\/\u{8}\u{c}\n\r\téé😀"),
        ] as [(String, JSON)])
    func whatIsAskedForIsRead(_ text: String, _ expected: JSON) throws {
        var reader = JSONReader(Array(text.utf8))
        #expect(try Self.value(&reader) == expected)
        try reader.end()
    }

    @Test(
        arguments: [
            #"{"a": "b"}"#, #"[{"a": ["}", "\"]", {"b": -1.5e3}]}, null]"#, "12", "true", #""a\\""#, "{}", "[]",
        ])
    func whatIsPassedOverEndsWhereItEnds(_ text: String) throws {
        var reader = JSONReader(Array("[\(text) , 7]".utf8))
        var last: Int?
        try reader.values { reader throws(JSONReader.Offence) in
            var attempt = reader
            if let number = try? attempt.integer(Int.self), number == 7 { last = number }
            try reader.skip()
        }
        try reader.end()
        #expect(last == 7)
    }

    @Test(
        arguments: [
            "", "{", "[", #"{"a"}"#, #"{"a": 1,}"#, "[1 2]", "[,]", #"["a]"#, #"{"a": "b\"}"#, "]", "[1}}", "[nul",
            "[\"\n\"]", "[1]]", "{1: 2}",
        ])
    func whatIsNoDocumentIsAnOffence(_ text: String) {
        #expect(throws: JSONReader.Offence.self) {
            var reader = JSONReader(Array(text.utf8))
            _ = try Self.value(&reader)
            try reader.end()
        }
    }

    @Test(arguments: [#""\x""#, #""\u12""#, #""\ud800""#, #""\udc00a""#, #""\u00zz""#, "\"\u{1}\""])
    func anEscapeThatMeansNothingIsAnOffence(_ text: String) {
        #expect(throws: JSONReader.Offence.self) {
            var reader = JSONReader(Array(text.utf8))
            _ = try reader.string()
        }
    }

    @Test func bytesThatAreNoTextAreAnOffence() {
        #expect(throws: JSONReader.Offence.self) {
            var reader = JSONReader([UInt8(ascii: "\""), 0xff, UInt8(ascii: "\"")])
            _ = try reader.string()
        }
    }

    @Test(arguments: ["1.5", "300", "-1", "1e2", "\"1\"", "null"])
    func aNumberThatDoesNotFitIsAnOffence(_ text: String) {
        #expect(throws: JSONReader.Offence.self) {
            var reader = JSONReader(Array(text.utf8))
            _ = try reader.integer(UInt8.self)
        }
    }
}
