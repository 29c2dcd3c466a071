internal import OrreryModel

extension JSONText {
    /// The value in a document, or nil for what is not JSON.
    static func read(_ bytes: [UInt8]) -> JSON? { JSONReader.read(bytes) }
}
