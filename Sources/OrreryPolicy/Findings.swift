import OrreryDocument

/// The errors of one reading, in the order in which they were found. A class, because every step of the reading adds to
/// the same list; it never leaves the function that reads.
final class Findings {
    private(set) var errors: [DocumentError] = []

    func add(_ error: DocumentError) { errors.append(error) }

    /// What `body` gives; nil when it throws, and then the error is kept.
    @discardableResult
    func attempt<Value>(_ body: () throws(DocumentError) -> Value) -> Value? {
        do throws(DocumentError) {
            return try body()
        } catch {
            errors.append(error)
            return nil
        }
    }

    /// The entries of a mapping with free names, each read on its own, so that one bad entry does not hide the next.
    func entries<Value>(
        _ node: DocumentNode, _ kind: String, _ read: (String, DocumentNode) throws(DocumentError) -> Value
    ) -> (names: Set<String>, values: [Value]) {
        guard let entries = attempt({ () throws(DocumentError) in try node.entries() }) else { return ([], []) }
        var values: [Value] = []
        for (name, value) in entries {
            let result = attempt { () throws(DocumentError) in
                guard Spelling.entry.fits(name) else {
                    throw value.error("the name of a \(kind) has small letters, digits and `-`")
                }
                return try read(name, value)
            }
            if let result { values.append(result) }
        }
        return (Set(entries.map(\.key)), values)
    }
}
