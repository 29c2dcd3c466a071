import OrreryModel
import Testing

/// Texts that are the same letters and not the same bytes.
struct ExactTests {
    @Test(arguments: [("e\u{301}", "\u{e9}"), ("\u{2126}", "\u{3a9}"), ("a\u{316}\u{301}", "a\u{301}\u{316}")])
    func twoSpellingsAreTwoTexts(first: String, second: String) {
        #expect(first == second)
        #expect(!first.isExactly(second) && !first[...].isExactly(second))
        #expect(![first].containsExactly(second))
    }

    @Test(arguments: ["", "a", "fifteen letters", "more than fifteen letters, \u{e9}\u{1f600}"])
    func theSameBytesAreOneText(text: String) {
        let other = String(decoding: Array(text.utf8), as: UTF8.self)
        #expect(text.isExactly(other) && text.isExactly(other[...]) && [text].containsExactly(other))
        #expect(!text.isExactly(text + "x") && !(text + "x").isExactly(text))
    }
}
