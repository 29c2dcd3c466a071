import Testing

@testable import OrreryPolicy

struct SpellingTests {
    @Test(arguments: [
        (Spelling.person, "[a-z][a-z0-9-]{0,29}[a-z0-9]"), (Spelling.group, "[a-z]([a-z0-9-]{0,29}[a-z0-9])?"),
    ])
    func aNameIsSpeltAsItsPatternSays(_ spelling: Spelling, _ expression: String) throws {
        let pattern = try Regex(expression)
        var random = SplitMix(seed: 11)
        var found: [Bool: Int] = [:]
        for _ in 0..<4000 {
            let length =
                random.chance(20) ? Int.random(in: 0...40, using: &random) : Int.random(in: 0...4, using: &random)
            let text = (0..<length).map { _ in Self.letter(&random) }.joined()
            let isName = text.wholeMatch(of: pattern) != nil
            #expect(spelling.fits(text) == isName, "\(text)")
            found[isName, default: 0] += 1
        }
        #expect(found.values.allSatisfy { $0 > 500 } && found.count == 2, "\(found)")
    }

    private static func letter(_ random: inout SplitMix) -> String {
        let letters =
            random.chance(95)
            ? ["a", "m", "z", "0", "5", "9"] : ["-", "A", "Z", "_", "`", "{", "/", ":", "é", "\0", "ａ"]
        return letters.randomElement(using: &random) ?? ""
    }

    @Test func ofASetOfBytesEachIsInItOrNot() {
        let set = ByteSet("az09-".utf8).union(ByteSet([0, 127])).union("_".utf8).subtracting("9".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(set.contains(byte) == ([0, 127] + Array("az0-_".utf8)).contains(byte), "\(byte)")
        }
    }
}
