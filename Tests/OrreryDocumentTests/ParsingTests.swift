import OrreryDocument
import Testing

struct ParsingTests {
    /// The sentence that reading `text` ends in, or "read" when it does not end in one.
    private func sentence(of text: String) -> String {
        do throws(DocumentError) {
            _ = try DocumentNode.parse(text, file: "a.yaml")
            return "read"
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "a.yaml:1:1: the key `a` is written twice; this is the first"),
        ("x:\n  a: 1\n  \"a\": 3\n", "a.yaml:2:3: the key `a` is written twice; this is the first"),
        ("a: &x 1\nb: 2\n", "a.yaml:1:4: anchors are not supported here: write the value out"),
        ("a: &x {b: 1}\nc: *x\n", "a.yaml:1:4: anchors are not supported here: write the value out"),
        ("a: {<<: {b: 1}}\n", "a.yaml:1:5: a key has to be a plain text; merge keys are not supported"),
        ("a: !!int \"5\"\n", "a.yaml:1:4: the tag tag:yaml.org,2002:int is not supported here"),
        ("[a]: 1\n", "a.yaml:1:1: a key has to be a plain text; merge keys are not supported"),
        ("", "a.yaml:1:1: the document is empty"),
        ("# nothing\n", "a.yaml:1:1: the document is empty"),
        ("on: 1\n1: one\n\"<<\": 2\n", "read"),
    ])
    func whatStandsAtAPlaceIsAllThereIs(text: String, expected: String) {
        #expect(sentence(of: text) == expected)
    }

    @Test(arguments: [
        ("a:\n\t- 1\n", "a.yaml:2:1: this is not YAML: "), ("a: [1, 2\nb: 3\n", "a.yaml:2:2: this is not YAML: "),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: this is not YAML: "), ("a: *missing\n", "a.yaml:1:4: this is not YAML: "),
        ("a: \"\u{1}\"\n", "a.yaml:1:5: this is not YAML: "),
    ])
    func brokenYAMLIsAnErrorAtItsPlace(text: String, expected: String) {
        #expect(sentence(of: text).hasPrefix(expected), "\(sentence(of: text))")
        #expect(!sentence(of: text).contains("\n"))
    }

    @Test func tabsAreToldOf() {
        #expect(sentence(of: "a:\n  b: 1\n\tc: 2\n").hasSuffix("; indent with spaces, not tabs"))
        #expect(!sentence(of: "a: [1, 2\nb: 3\n").contains("tabs"))
    }

    @Test func aByteOrderMarkIsNoPartOfTheText() throws {
        let root = try DocumentNode.parse("\u{FEFF}a: 1\n", file: "a.yaml")
        #expect(try root.mapping(["a"]).required("a").place.description == "a.yaml:1:4")
    }

    @Test func everyValueKnowsItsPlaceAndPath() throws {
        let root = try DocumentNode.parse("auth:\n  issuers: {wlcg: {scopes: [openid, profile]}}\n", file: "a.yaml")
        let issuers = try root.mapping(["auth"]).required("auth").mapping(["issuers"]).required("issuers")
        let scopes = try #require(try issuers.entries().first).value.mapping(["scopes"]).required("scopes").list()
        #expect(scopes[1].path == "auth.issuers.wlcg.scopes[1]")
        #expect(scopes[1].place.description == "a.yaml:2:37")
        #expect(scopes[1].error("no").description == "a.yaml:2:37: auth.issuers.wlcg.scopes[1]: no")
    }

    @Test func entriesKeepTheOrderOfTheDocument() throws {
        let root = try DocumentNode.parse("c: 1\na: 2\nb: 3\n", file: "a.yaml")
        #expect(try root.entries().map(\.key) == ["c", "a", "b"])
        #expect(root.error("no", atKey: "b").description == "a.yaml:3:1: no")
    }

    @Test func aFileThatIsNotThereIsOneSentence() {
        #expect(throws: DocumentError.self) { try DocumentNode.read(file: "/nonexistent/orrery.yaml") }
        do throws(DocumentError) {
            _ = try DocumentNode.read(file: "/nonexistent/orrery.yaml")
        } catch {
            #expect(
                error.description
                    == "/nonexistent/orrery.yaml:1:1: the file cannot be read: there is no such file")
        }
    }
}
