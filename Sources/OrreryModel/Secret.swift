/// A text that must not be printed: a client secret, a bearer token, a key. Interpolating one gives `‹secret›`; the text
/// itself is reached only through `reveal()`, so every use can be found by that word.
package struct Secret: Hashable, Sendable {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The text, for the one call that needs it.
    package func reveal() -> String { text }

    /// Whether it has neither white space nor control characters in it: whoever takes a file's first line and whoever takes all
    /// of it read the same then, and a header can carry it.
    package var isOneWord: Bool {
        text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.properties.generalCategory != .control }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "‹secret›" }
    package var debugDescription: String { "‹secret›" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
