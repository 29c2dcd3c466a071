/// Something a person may not have, as a result and not as an error: what, why, and the smallest change that would
/// allow it. Both sentences are written for that person and appear on pages as they are.
package struct Refusal: Hashable, Codable, Sendable {
    /// What was refused, by its kind and name as in the documents: `fileset scratch`, `profile gpu`, `cluster south`.
    package let what: String
    /// Why, as a clause that can follow a colon: `only developers have it`.
    package let reason: String
    /// What would change it and who can: `ask an owner of the group developers`. Nil when nobody can.
    package let remedy: String?

    package init(_ what: String, because reason: String, remedy: String? = nil) {
        self.what = what
        self.reason = reason
        self.remedy = remedy
    }
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        remedy.map { "\(what): \(reason); \($0)" } ?? "\(what): \(reason)"
    }
}
