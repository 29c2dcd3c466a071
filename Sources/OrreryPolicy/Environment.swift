import OrreryDocument
package import OrreryModel

extension Policy {
    /// What can run: an image, pinned by its digest, and the command in it.
    package struct Environment: Hashable, Sendable {
        package let name: String
        package let title: String
        package let image: ImageReference
        /// `sha256:` and 64 hexadecimal digits: the content that runs, whatever the tag says tomorrow.
        package let digest: String
        package let command: [String]
        package let port: UInt16
        /// What it can run on, as its registry's index says; empty where nothing was said.
        package let platforms: [Platform]
        /// Whose its processes are.
        package let user: User

        package enum User: String, Hashable, Sendable, CaseIterable {
            /// The person's, by their numbers.
            case person
            /// The image's own, which is the same for everybody: no storage can keep people apart by it.
            case image
        }

        /// Labels that every node has of itself, for an image that runs on one architecture only.
        package var nodeSelector: [String: String] {
            let architectures = Set(platforms.map(\.architecture))
            guard let only = architectures.first, architectures.count == 1 else { return [:] }
            return ["kubernetes.io/arch": only]
        }

        /// The environment as a plan carries it.
        package var planned: Plan.Environment {
            Plan.Environment(name: name, title: title, image: image.pinned(to: digest), command: command, port: port)
        }
    }
}

/// One entry of `environments:` in `profiles.yaml`: `title`, `image`, `digest`, `command` (absent:
/// `[jupyterhub-singleuser]`), `port` (absent: 8888), `uid` (`person` or `image`; absent:
/// `person`), and `platforms` such as `[linux/amd64]` (absent: any).
extension Policy.Environment {
    private static let keys = ["title", "image", "digest", "command", "port", "uid", "platforms"]

    init(name: String, _ node: DocumentNode, registries: [Registry]) throws(DocumentError) {
        let keys = try node.mapping(Self.keys)
        self.name = name
        title = try keys["title"]?.string() ?? name
        image = try ImageReference(try keys.required("image"))
        digest = try Self.digest(try keys.required("digest"))
        command = try keys["command"].map(Self.command) ?? ["jupyterhub-singleuser"]
        port = UInt16(try keys["port"]?.int(in: 1024...65535) ?? 8888)
        platforms = try Platform.list(keys["platforms"])
        user =
            try keys["uid"].map { node throws(DocumentError) in
                try node.name(among: User.allCases.map(\.rawValue), kind: "uid") == "image" ? .image : .person
            } ?? .person
        guard registries.contains(where: { $0.has(image) }) else {
            throw try keys.required("image").error(
                "\(image.host)/\(image.repository) is in no registry of `registries`, so it cannot run")
        }
    }

    private static func digest(_ node: DocumentNode) throws(DocumentError) -> String {
        let text = try node.string()
        guard text.hasPrefix("sha256:"), Spelling.sha256.fits(text.dropFirst("sha256:".count)) else {
            throw node.error("`\(text)` is not an image digest: `sha256:` and 64 hexadecimal digits in lower case")
        }
        return text
    }

    private static func command(_ node: DocumentNode) throws(DocumentError) -> [String] {
        var words: [String] = []
        for element in try node.list() { words.append(try element.string()) }
        guard let program = words.first, !program.isEmpty else { throw node.error("a command needs a program") }
        return words
    }
}
