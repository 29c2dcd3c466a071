/// A key that stored secrets are sealed with (AES-256), and the number by which a sealed text names it.
package struct SealingKey: Hashable, Sendable {
    package let id: UInt32
    let bytes: [UInt8]

    static let size = 32

    /// Nil unless there are 32 bytes.
    init?(id: UInt32, bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.id = id
        self.bytes = bytes
    }

    /// A key that nobody knows.
    static func fresh(id: UInt32) -> SealingKey {
        guard let key = SealingKey(id: id, bytes: RandomToken.bytes(size)) else {
            preconditionFailure("the generator of random bytes gave another number of bytes")
        }
        return key
    }
}

extension SealingKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "key \(id)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}
