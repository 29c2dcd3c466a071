import Testing

@testable import OrrerySpawn

@Suite struct LabelTests {
    @Test(arguments: ["ada", "a", "01j9", "A.b_c-d", String(repeating: "a", count: 63)])
    func aValidValueStaysAsItIs(_ text: String) {
        #expect(LabelValue.from(text) == text)
    }

    @Test(arguments: ["ada@example.org", "-ada", "ada-", "é", String(repeating: "a", count: 64), "a b", "a/b"])
    func everyOtherTextBecomesAValidValueOfItsOwn(_ text: String) {
        let value = LabelValue.from(text)
        #expect(LabelValue.isValid(value))
        #expect(value != LabelValue.from(text + "2"))
    }

    @Test(arguments: [
        ("ada", "", "/user/ada/"), ("ada@x", "", "/user/ada@x/"), ("ada", "my big", "/user/ada/my%20big/"),
    ])
    func aPrefixIsEscapedAsTheContractEscapes(_ person: String, _ server: String, _ prefix: String) {
        #expect(Words.prefix(person: person, server: server) == prefix)
    }

    @Test(arguments: ["ada", "a_b@c", String(repeating: "n", count: 80)])
    func aPodNameIsAlwaysAHostName(_ person: String) {
        let name = Words.podName(person: person, session: String(repeating: "0", count: 26))
        #expect(name.count <= 63)
        #expect(name.allSatisfy { $0 == "-" || ($0.isASCII && ($0.isLowercase || $0.isNumber)) })
    }
}
