import OrreryModel
import Testing

struct NameTests {
    @Test(arguments: [
        ("gruops", "groups"), ("filset", "filesets"), ("allo", "allow"), ("memroy", "memory"), ("titel", "title"),
    ])
    func aSlipOfTheKeyboardIsRecognised(word: String, meant: String) {
        #expect(nearestName(to: word, among: ["groups", "filesets", "allow", "memory", "title"]) == meant)
    }

    @Test func anUnrelatedWordHasNoNeighbour() {
        #expect(nearestName(to: "kubernetes", among: ["groups", "allow"]) == nil)
    }

    @Test(arguments: [("ann", "ann"), ("a b@x.org", "a%20b@x.org"), ("é~/", "%C3%A9~%2F")])
    func namesAreEscapedAsTheContractEscapesThem(name: String, escaped: String) {
        #expect(name.escapedForContract == escaped)
    }

    @Test func aSecretIsNeverPrinted() {
        let secret = Secret("hunter2")
        #expect(!"\(secret) \([secret])".contains("hunter2"))
        #expect(!String(reflecting: secret).contains("hunter2"))
        #expect(secret.reveal() == "hunter2")
    }
}
