import Foundation
import OrreryModel
import Testing

struct JSONTests {
    @Test func everyKindOfValueSurvivesARoundTrip() throws {
        let value: JSON = [
            "null": nil, "yes": true, "one": 1, "half": 0.5, "text": "é", "list": [1, "two", false],
            "nested": ["a": [:]],
        ]
        let copy = try JSONDecoder().decode(JSON.self, from: JSONEncoder().encode(value))
        #expect(copy == value)
    }

    @Test func aWholeNumberMayBeWrittenWithAPoint() {
        #expect(JSON.number(3600).wholeNumber == 3600)
        #expect(JSON.integer(.max).wholeNumber == .max)
        #expect(JSON.number(0.5).wholeNumber == nil)
        #expect(JSON.number(1e300).wholeNumber == nil)
    }

    @Test func aMemberIsSetAndRemovedInPlace() {
        var value: JSON = ["a": ["b": 1]]
        value["a"]?["b"] = 2
        value["c"] = "new"
        #expect(value == ["a": ["b": 2], "c": "new"])
        value["a"] = nil
        #expect(value == ["c": "new"])
    }

    @Test func numbersAndBooleansDoNotMix() throws {
        let value = try JSONDecoder().decode(JSON.self, from: Data("[true, 1, 1.5, 9223372036854775807]".utf8))
        #expect(value == [true, 1, 1.5, 9_223_372_036_854_775_807])
    }
}
