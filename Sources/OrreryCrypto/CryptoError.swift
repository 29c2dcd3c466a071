/// Why bytes from outside were not believed. `message` is one clause for the log: it names the rule that was broken and
/// never quotes the token or a key.
package struct CryptoError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    package let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    package var description: String { message }

    package enum Kind: String, Hashable, Sendable {
        /// Not the strict JSON that we read.
        case json
        /// A token whose shape or header is not acceptable, whatever its signature.
        case token
        /// The key set as a whole, or the key that a token names, cannot be used.
        case key
        /// The key set is sound and does not have the key that the token names; a newer set may.
        case unknownKey
        case signature
        /// A stored secret that does not open.
        case sealed
        /// The file with the keys of stored secrets: the operator's to mend.
        case keyFile
    }
}
