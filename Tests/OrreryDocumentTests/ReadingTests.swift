import Foundation
import OrreryDocument
import OrreryModel
import Testing

struct ReadingTests {
    private func value(_ text: String) throws -> DocumentNode {
        try DocumentNode.parse("v: \(text)\n", file: "a.yaml").mapping(["v"]).required("v")
    }

    private func sentence(_ read: () throws -> Void) -> String {
        do {
            try read()
            return "read"
        } catch {
            return "\(error)"
        }
    }

    @Test func anUnknownKeyIsNamedWithItsPlaceAndTheNearestKnownOne() {
        let sentence = sentence {
            let root = try DocumentNode.parse("auth:\n  gruops: {}\n", file: "orrery.yaml")
            _ = try root.mapping(["auth"]).required("auth").mapping(["groups", "issuers"])
        }
        #expect(sentence == "orrery.yaml:2:3: auth: unknown key `gruops`; did you mean `groups`?")
    }

    @Test func anUnknownKeyLikeNoOtherIsToldWhatIsKnown() {
        let sentence = sentence {
            _ = try DocumentNode.parse("kubernetes: 1\n", file: "a.yaml").mapping(["url", "hub"])
        }
        #expect(sentence == "a.yaml:1:1: unknown key `kubernetes`; known here: hub, url")
    }

    @Test func aMissingKeyIsNamedAtItsMapping() {
        #expect(
            sentence { _ = try value("{a: 1}").mapping(["a", "b"]).required("b") } == "a.yaml:1:4: v: `b` is missing")
    }

    @Test func aNameIsOneOfTheKnown() throws {
        #expect(try value("rw").name(among: ["ro", "rw"], kind: "mode") == "rw")
        #expect(
            sentence { _ = try value("develpers").name(among: ["developers", "science"], kind: "group") }
                == "a.yaml:1:4: v: unknown group `develpers`; did you mean `developers`?")
    }

    @Test func scalarsAreReadExactly() throws {
        #expect(try value("no").string() == "no")
        #expect(try value("2026.10").string() == "2026.10")
        #expect(try value("\"\"").string() == "")
        #expect(try value("-3").int() == -3)
        #expect(try value("8080").int(in: 1...65535) == 8080)
        #expect(try value("true").bool() && !(try value("false").bool()))
        #expect(try value("4Gi").bytes() == ByteCount(bytes: 4 << 30))
        #expect(try value("4G").bytes() == ByteCount(bytes: 4_000_000_000))
        #expect(try value("500m").cpu() == CPUCount(millicores: 500))
        #expect(try value("[a, b]").list().map { try $0.string() } == ["a", "b"])
    }

    @Test(arguments: [
        ("12h", Duration.seconds(43_200)), ("30m", .seconds(1800)), ("7d", .seconds(604_800)), ("0s", .zero),
        ("250ms", .milliseconds(250)),
    ])
    func spansOfTimeHaveAUnit(text: String, expected: Duration) throws {
        #expect(try value(text).duration() == expected)
    }

    @Test(arguments: [
        ("2027-06-30T00:00:00Z", 1_814_313_600.0), ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:30:00-00:30", 0), ("2024-02-29T12:34:56Z", 1_709_210_096),
    ])
    func momentsAreCountedFromTheirZone(text: String, seconds: Double) throws {
        #expect(try value(text).instant().timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "2027-06-30", "2027-06-30T00:00:00", "2027-02-30T00:00:00Z", "2027-06-30T24:00:00Z", "2027-06-30 00:00:00Z",
        "2027-06-30T00:00:00+2:00", "2027-06-30T00:00:00+25:00", "2027-06-30T00:00:00Zx", "tomorrow",
    ])
    func aMomentWithoutZoneOrExistenceIsRefused(text: String) {
        #expect(sentence { _ = try value(text).instant() }.contains("with its zone such as 2027-06-30T00:00:00Z"))
    }

    @Test(arguments: ["12", "12 h", "1.5h", "-1h", "h", "12H", "9999999999d", "1h30m"])
    func aSpanOfAnotherFormIsRefused(text: String) {
        #expect(sentence { _ = try value(text).duration() }.contains("a span of time such as"))
    }

    @Test(arguments: ["yes", "True", "1", "\"true\"", "~"])
    func aTruthOfAnotherSpellingIsRefused(text: String) {
        #expect(sentence { _ = try value(text).bool() }.hasPrefix("a.yaml:1:4: v: `true` or `false` is wanted here"))
    }

    @Test(arguments: ["\"8080\"", "0x10", "1_000", "08", "+1", "1.0", "1e3", "", "[1]"])
    func aNumberOfAnotherFormIsRefused(text: String) {
        #expect(sentence { _ = try value(text).int() }.contains("a whole number is wanted here"))
    }

    @Test(arguments: ["4GiB", "4gi", "1.5Gi", "-1", "4 Gi", "Gi", ""])
    func aQuantityOfAnotherUnitIsRefused(text: String) {
        #expect(sentence { _ = try value(text).bytes() } != "read")
    }

    @Test(arguments: ["~", "", "null", "[a]", "{a: 1}"])
    func nothingIsNotText(text: String) {
        #expect(sentence { _ = try value(text).string() }.contains("a text is wanted here"))
    }

    @Test func aShapeIsNamedWhenAnotherIsWanted() {
        #expect(sentence { _ = try value("[a]").entries() } == "a.yaml:1:4: v: a mapping is wanted here, not a list")
        #expect(sentence { _ = try value("a").list() } == "a.yaml:1:4: v: a list is wanted here, not `a`")
        #expect(sentence { _ = try value("").list() } == "a.yaml:1:3: v: a list is wanted here, not nothing")
    }
}
