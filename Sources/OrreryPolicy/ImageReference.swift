import OrreryDocument
import OrreryModel

/// An image as an administrator writes it: registry, repository, and a tag that only people read. Compared by its parts,
/// never as a text, so that `registry.example.evil.org` is not `registry.example`.
package struct ImageReference: Hashable, Sendable {
    package let host: String
    package let repository: String
    package let tag: String?

    init(_ node: DocumentNode) throws(DocumentError) { try self.init(try node.string(), node) }

    /// `text` as a reference; `node` is where an error about it belongs.
    init(_ text: String, _ node: DocumentNode) throws(DocumentError) {
        guard !text.contains("@") else {
            throw node.error("write the digest at `digest`, not in the image's name")
        }
        let shape = /([a-z0-9][a-z0-9.-]*(?::\d{1,5})?)\/([a-z0-9._\/-]+)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?/
        guard let (_, host, repository, tag) = text.wholeMatch(of: shape)?.output,
            host.contains(".") || host.contains(":") || host == "localhost",
            repository.split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isComponent)
        else {
            throw node.error("`\(text)` is not a full image name such as registry.example/lab/notebook:2026.11")
        }
        self.host = String(host)
        self.repository = String(repository)
        self.tag = tag.map { String($0) }
    }

    private static func isComponent(_ text: Substring) -> Bool {
        text.wholeMatch(of: /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/) != nil
    }

    /// What a cluster is told: the repository and the content, no tag.
    func pinned(to digest: String) -> String { "\(host)/\(repository)@\(digest)" }
}

/// A registry that images may come from. Nothing from elsewhere can ever run.
package struct Registry: Hashable, Sendable {
    package let host: String
    /// Repositories, or with `/*` at the end everything below a name.
    package let repositories: [String]

    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["host", "repos"])
        host = try keys.required("host").string()
        var repositories: [String] = []
        for element in try keys.required("repos").list() {
            let name = try element.string()
            guard !name.dropLast().contains("*"), name == "*" || !name.hasSuffix("*") || name.hasSuffix("/*") else {
                throw element.error("`*` stands only for everything below a name, as in `lab/*`")
            }
            repositories.append(name)
        }
        self.repositories = repositories
    }

    func has(_ image: ImageReference) -> Bool {
        image.host == host
            && repositories.contains { name in
                name.hasSuffix("*") ? image.repository.hasPrefix(name.dropLast()) : image.repository == name
            }
    }
}
