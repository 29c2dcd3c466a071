/// What is wrong with a document and where: always the writer's doing, and mended by changing the text at `place`.
package struct DocumentError: Error, Hashable, Sendable {
    package let place: Place
    /// One sentence without a full stop. Never contains the text of a secret.
    package let message: String

    package init(place: Place, message: String) {
        self.place = place
        self.message = message
    }
}

extension DocumentError: CustomStringConvertible {
    /// ``orrery.yaml:12:3: auth: unknown key `gruops`; did you mean `groups`?``
    package var description: String { "\(place): \(message)" }
}
