import Foundation
import OrreryDocument
import OrreryModel
import Testing

struct SecretTests {
    /// The value of `secret:` in a document that lies in a fresh directory besides `content` as the file `token`.
    private func secret(_ text: String, besides content: Data? = nil) throws -> String {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try content?.write(to: directory.appendingPathComponent("token"))
        let document = directory.appendingPathComponent("a.yaml")
        try Data("secret: \(text)\n".utf8).write(to: document)
        return try DocumentNode.read(file: document.path).mapping(["secret"]).required("secret").secret().reveal()
    }

    @Test(arguments: [
        ("hunter2\n", "hunter2"), ("hunter2", "hunter2"), ("two\nlines\r\n", "two\nlines"), (" a \n", " a "),
    ])
    func aFileBesidesTheDocumentIsReadWithoutItsLastNewline(content: String, expected: String) throws {
        #expect(try secret("file:token", besides: Data(content.utf8)) == expected)
    }

    @Test func textThatIsNoFileIsTheSecret() throws {
        #expect(try secret("hunter2") == "hunter2")
    }

    @Test(arguments: [
        (nil, "cannot be read: there is no such file"), (Data(), "is empty"), (Data("\n".utf8), "is empty"),
        (Data([0xFF, 0x68]), "is not UTF-8 text"),
    ])
    func aFileThatGivesNoSecretIsOneSentence(content: Data?, expected: String) {
        do {
            _ = try secret("file:token", besides: content)
            Issue.record("the secret was read")
        } catch {
            #expect("\(error)".hasSuffix("/token \(expected)"))
            #expect("\(error)".contains("a.yaml:1:9: secret: the secret file /"))
        }
    }

    @Test func anEmptySecretIsRefused() {
        #expect(throws: DocumentError.self) { try secret("\"\"") }
    }

    @Test func relativePathsAreCountedFromTheDocument() throws {
        let root = try DocumentNode.parse("a: state/x.sqlite\nb: /var/x\n", file: "/etc/orrery/orrery.yaml")
        let keys = try root.mapping(["a", "b"])
        #expect(try keys.required("a").filePath() == "/etc/orrery/state/x.sqlite")
        #expect(try keys.required("b").filePath() == "/var/x")
    }
}
