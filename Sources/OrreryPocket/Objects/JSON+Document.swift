package import OrreryDocument
package import OrreryModel

extension JSON {
    /// What a YAML document says, as JSON: mappings, lists, and scalars as YAML types them when they stand unquoted.
    package init(_ node: DocumentNode) throws(DocumentError) {
        if let entries = try? node.entries() {
            self = [:]
            for (key, value) in entries { self[key] = try JSON(value) }
        } else if let list = try? node.list() {
            self = .array(try list.map { element throws(DocumentError) in try JSON(element) })
        } else if let value = try? node.bool() {
            self = .bool(value)
        } else if let value = try? node.int() {
            self = .integer(Int64(value))
        } else {
            self = .string(try node.string())
        }
    }
}
