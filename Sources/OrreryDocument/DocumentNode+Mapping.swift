import OrreryModel

/// A mapping of which every key is known. Made by `DocumentNode.mapping`.
package struct DocumentMapping: Sendable {
    /// The mapping itself, for errors about it as a whole.
    package let node: DocumentNode
    private let values: [String: DocumentNode]

    init(node: DocumentNode, values: [String: DocumentNode]) {
        self.node = node
        self.values = values
    }

    /// The value of `key`, or nil where it is not written.
    package subscript(key: String) -> DocumentNode? { values[key] }

    /// The value of `key`; an error at the mapping's place where it is not written.
    package func required(_ key: String) throws(DocumentError) -> DocumentNode {
        guard let value = values[key] else { throw node.error("`\(key)` is missing") }
        return value
    }
}

extension DocumentNode {
    /// This value as a mapping with no other keys than `known`. An unknown key is refused at its own place, with the
    /// known key that was probably meant.
    package func mapping(_ known: [String]) throws(DocumentError) -> DocumentMapping {
        var values: [String: DocumentNode] = [:]
        for entry in try mappingEntries() {
            guard known.contains(entry.key) else {
                throw unknown("key", entry.key, at: entry.place, known: known)
            }
            values[entry.key] = entry.value
        }
        return DocumentMapping(node: self, values: values)
    }

    /// This value as a mapping whose keys are names that the writer chose, in the order of the document.
    package func entries() throws(DocumentError) -> [(key: String, value: DocumentNode)] {
        try mappingEntries().map { ($0.key, $0.value) }
    }

    /// An error about the key `key` of this mapping: as `error`, with the place of the key itself.
    package func error(_ message: String, atKey key: String) -> DocumentError {
        let error = error(message)
        guard case .mapping(let entries) = content, let entry = entries.first(where: { $0.key == key }) else {
            return error
        }
        return DocumentError(place: entry.place, message: error.message)
    }

    private func mappingEntries() throws(DocumentError) -> [Entry] {
        guard case .mapping(let entries) = content else { throw error("a mapping is wanted here, not \(kind)") }
        return entries
    }

    private func unknown(_ kind: String, _ word: String, at place: Place, known: [String]) -> DocumentError {
        let hint =
            nearestName(to: word, among: known).map { "; did you mean `\($0)`?" }
            ?? "; known here: \(known.sorted().joined(separator: ", "))"
        let message = error("unknown \(kind) `\(word)`\(hint)").message
        return DocumentError(place: place, message: message)
    }

    /// This value as text that is one of `known`; otherwise an error that calls it an unknown `kind` and gives the
    /// known one that was probably meant.
    package func name(among known: some Sequence<String>, kind: String) throws(DocumentError) -> String {
        let name = try string()
        let known = Array(known)
        guard known.contains(name) else { throw unknown(kind, name, at: place, known: known) }
        return name
    }
}
