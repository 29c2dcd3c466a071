import Foundation
import OrreryStore

/// Who gives a token that lies in a session's directory.
protocol NotebookSource: Sendable {
    /// What the store and the log call it: the label of an issuer, or `orrery:` and a word, which no label can be.
    var name: String { get }
    /// What the file of the person with this uid is called.
    func file(uid: UInt32) -> String
    /// Whether programs that ask for a bearer token may be given this one without naming the source.
    var isBearer: Bool { get }
    /// Whether `person` can be given a token at all, whether or not the issuer answers now.
    func serves(_ person: PersonRecord) async throws -> Bool
    /// A token that ends after `end`, the end of the one before. Throws when there is none, and why.
    func token(for session: SessionRecord, of person: PersonRecord, endingAfter end: Date?) async throws
        -> NotebookToken
}
