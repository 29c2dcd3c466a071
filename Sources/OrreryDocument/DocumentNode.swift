/// A value in a YAML document, which knows where it stands and how it is reached. Its readers either give exactly what
/// is written or an error at its place; nothing is converted, defaulted or ignored.
///
///     let keys = try DocumentNode.read(file: "orrery.yaml").mapping(["listen", "idle", "token"])
///     let listen = try keys.required("listen").string()
///     let idle = try keys["idle"]?.duration() ?? .seconds(3600)
///     let token = try keys.required("token").secret()
///
/// A check that only the caller can make takes the same road: `throw node.error("the proxy has this port")`.
package struct DocumentNode: Sendable {
    package let place: Place
    /// The keys from the document's root to here: `auth.issuers.wlcg.login.scopes[1]`. Empty for the root.
    package let path: String
    let content: Content

    enum Content: Sendable {
        /// A plain scalar is one without quotes, where `true`, `8080` and `~` are not text.
        case scalar(String, isPlain: Bool)
        case list([DocumentNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        let key: String
        let place: Place
        let value: DocumentNode
    }

    init(place: Place, path: String, content: Content) {
        self.place = place
        self.path = path
        self.content = content
    }

    /// An error about this value: its place, its path, and `message`.
    package func error(_ message: String) -> DocumentError {
        DocumentError(place: place, message: path.isEmpty ? message : "\(path): \(message)")
    }

    /// What this value is, in words for an error.
    var kind: String {
        switch content {
        case .scalar(let text, isPlain: true) where text.isNull: "nothing"
        case .scalar(let text, _): "`\(text)`"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension String {
    /// Whether YAML reads this, written without quotes, as no value at all.
    var isNull: Bool { ["", "~", "null", "Null", "NULL"].contains(self) }
}

extension DocumentNode {
    package var isMapping: Bool {
        if case .mapping = content { true } else { false }
    }

    /// The text of a scalar, for a value that may be a word or something larger; nil for the larger and for nothing.
    package var word: String? { try? string() }
}
