import OrreryDocument
import Testing

@testable import OrreryPolicy

/// Digests written into a document of which everything else stays as it is.
struct ImageListTests {
    private static let old = "sha256:" + String(repeating: "0", count: 64)
    private static let new = "sha256:" + String(repeating: "ab", count: 32)

    private func written(_ text: String, _ platforms: [String] = []) throws -> String {
        let list = try ImageList(text: text, file: "profiles.yaml")
        let findings = list.entries.map { ($0.environment, ImageList.Finding(digest: Self.new, platforms: platforms)) }
        return try list.text(with: Dictionary(uniqueKeysWithValues: findings))
    }

    @Test(
        arguments: [
            (
                "environments:\n  lab: # ours\n    image: r.example/lab:1   # weekly\n    digest: \(old) # by hand\n",
                "environments:\n  lab: # ours\n    image: r.example/lab:1   # weekly\n    digest: \(new) # by hand\n"
            ),
            (
                "environments:\r\n  lab:\r\n    digest: '\(old)'\r\n    image: \"r.example/lab:1\"\r\n",
                "environments:\r\n  lab:\r\n    digest: '\(new)'\r\n    image: \"r.example/lab:1\"\r\n"
            ),
            (
                "environments: {lab: {digest: \"\(old)\", image: r.example/lab:1}, b: {image: r.example/b:1}}",
                "environments: {lab: {digest: \"\(new)\", image: r.example/lab:1}, "
                    + "b: {image: r.example/b:1, digest: \"\(new)\"}}"
            ),
            (
                "environments:\n  lab:\n    image: r.example/lab:1 # é\n    title: é\n",
                "environments:\n  lab:\n    image: r.example/lab:1 # é\n    digest: \"\(new)\"\n    title: é\n"
            ),
        ])
    func onlyTheDigestChanges(_ before: String, _ after: String) throws {
        #expect(try written(before) == after)
    }

    @Test func platformsAreWrittenWhereNoneAre() throws {
        let before = """
            environments:
              lab:
                image: r.example/lab:1
              old: {image: r.example/old:1, digest: "\(Self.old)"}
              few: {image: r.example/few:1, platforms: [linux/amd64], digest: "\(Self.old)"}
            """
        let after = """
            environments:
              lab:
                image: r.example/lab:1
                digest: "\(Self.new)"
                platforms: [linux/amd64, linux/arm64]
              old: {image: r.example/old:1, platforms: [linux/amd64, linux/arm64], digest: "\(Self.new)"}
              few: {image: r.example/few:1, platforms: [linux/amd64], digest: "\(Self.new)"}
            """
        #expect(try written(before, ["linux/amd64", "linux/arm64"]) == after)
    }

    @Test func aLayoutThatCannotBeKeptIsRefused() throws {
        let text = "environments:\n  lab:\n    image:\n        r.example/lab:1\n"
        #expect(throws: DocumentError.self) { try written(text) }
    }
}
