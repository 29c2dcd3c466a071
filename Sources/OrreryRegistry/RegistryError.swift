/// Why a registry did not say what an image is.
package struct RegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    /// One clause: which registry, and what went wrong. Never a secret.
    package let message: String
    /// What may help; nil where nothing here does.
    package let next: String?

    package enum Kind: String, Hashable, Sendable {
        /// There is no such repository or tag.
        case missing
        /// It wants a login, or another one.
        case locked
        /// No answer, or none that can be used: another try may help.
        case unreachable
        /// It said something that cannot be true.
        case broken
    }

    init(_ kind: Kind, _ message: String, next: String? = nil) {
        self.kind = kind
        self.message = message
        self.next = next
    }

    package var description: String { next.map { "\(message); \($0)" } ?? message }
}
