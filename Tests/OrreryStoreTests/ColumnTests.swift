import Foundation
import OrreryModel
import Testing

@testable import OrreryStore

/// Small documents are read and written without `Codable`, and are the same as with it.
@Suite struct ColumnTests {
    static let choices = [
        SessionChoice(), SessionChoice(profile: "standard", cluster: "north"),
        SessionChoice(
            profile: "a\"b\\c", environment: "é\u{1}", size: "s/m", options: ["cuda": "13", "": "\n"], cluster: ""),
    ]

    @Test(arguments: choices) func aChoiceIsReadAndWrittenAsCodableDoes(_ choice: SessionChoice) throws {
        #expect(try Column.choice(Column.json(choice)) == choice)
        #expect(try Column.document(Column.text(choice)) == choice)
    }

    @Test func textsAndGroupsAreReadAsCodableDoes() throws {
        let texts = ["servers", "read:users!user=ada", "\u{1F52D} \"\\/"]
        #expect(try Column.texts(Column.json(texts)) == texts)
        #expect(try Column.document(Column.text(texts)) == texts)
        let groups: Set = [Group(name: "developers", gid: 5001), Group(name: "project:photoz")]
        #expect(try Column.groups(Column.json(groups)) == groups)
        #expect(try Column.groups(#"[{"gid": null, "name": "a", "since": [1, {"b": 2}]}]"#) == [Group(name: "a")])
    }

    @Test(
        arguments: [
            (1e300, 253_402_300_799_999), (.infinity, 253_402_300_799_999), (-1e300, -62_135_596_800_000),
            (.nan, -62_135_596_800_000), (1_795_264_313.25, 1_795_264_313_250), (-0.0004, 0),
        ] as [(Double, Int64)])
    func anInstantThatNoCalendarHasIsTheNearestOne(_ seconds: Double, _ stored: Int64) {
        #expect(Column.milliseconds(Date(timeIntervalSince1970: seconds)) == stored)
    }

    @Test(arguments: ["", "[", "{}", "[1]", #"["a"] x"#, #"["a",]"#, "null"])
    func whatIsNoListOfTextsIsRefused(_ document: String) {
        #expect(throws: JSONReader.Offence.self) { try Column.texts(document) }
    }

    @Test(arguments: [#"[{"gid": 5}]"#, #"[{"name": "a", "gid": -1}]"#, #"[{"name": "a", "gid": 4294967296}]"#])
    func whatIsNoGroupIsRefused(_ document: String) {
        #expect(throws: JSONReader.Offence.self) { try Column.groups(document) }
    }
}
