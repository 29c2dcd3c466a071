package import OrreryDocument
import OrreryModel

/// The images of a `profiles.yaml` and where their digests stand in it, read before there are any: what `orrery profiles
/// resolve` asks registries about. Everything else of the document is left to `Policy.load`.
package struct ImageList: Sendable {
    /// In the order of the document.
    package let entries: [Entry]
    /// The document, as it is.
    package let text: String
    let file: String

    /// An environment with the image that it names.
    package struct Entry: Sendable {
        package let environment: String
        package let image: ImageReference
        /// Nil where none is written yet.
        package let digest: String?
        /// Nil where none are written; they may be fewer than the image has.
        package let platforms: [Platform]?
        let places: Places
    }

    /// Where in the document something stands or belongs.
    struct Places: Sendable {
        let image: Place
        let digest: Place?
        /// Whether the environment is written in braces.
        let isFlow: Bool
    }

    /// Throws the first thing that keeps the images from being read.
    package init(directory: String) throws(DocumentError) {
        let file = "\(directory)/profiles.yaml"
        try self.init(text: try DocumentNode.text(ofFile: file), file: file)
    }

    init(text: String, file: String) throws(DocumentError) {
        let root = try DocumentNode.parse(text, file: file)
        guard let environments = try root.entries().first(where: { $0.key == "environments" })?.value else {
            throw root.error("`environments` is missing")
        }
        let lines = DocumentLines(text)
        var entries: [Entry] = []
        for (name, node) in try environments.entries() {
            entries.append(try Self.entry(name, node, isFlow: lines.character(at: node.place) == "{"))
        }
        self.entries = entries
        self.text = text
        self.file = file
    }

    private static func entry(
        _ name: String, _ node: DocumentNode, isFlow: Bool
    ) throws(DocumentError) -> Entry {
        let keys = Dictionary(try node.entries()) { first, _ in first }
        guard let image = keys["image"] else { throw node.error("`image` is missing") }
        return Entry(
            environment: name, image: try ImageReference(image), digest: try keys["digest"]?.string(),
            platforms: try keys["platforms"].map { node throws(DocumentError) in try Platform.list(node) },
            places: Places(image: image.place, digest: keys["digest"]?.place, isFlow: isFlow))
    }
}
