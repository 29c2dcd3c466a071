import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore

/// The hub itself: a token that says whose session it is, for the services of `audiences`.
struct WorkloadSource: NotebookSource {
    let name: String
    let issuer: String
    let audiences: [String]
    let life: Duration
    let keys: WorkloadKeys
    let now: @Sendable () -> Date

    /// Of the token for all of `notebook.audience`.
    static let bearer = "orrery:bearer"
    /// Of the one for object storage.
    static let storage = "orrery:s3"
    /// The file of the latter.
    static let storageFile = "s3"

    func file(uid: UInt32) -> String { isBearer ? "bt_u\(uid)-orrery" : Self.storageFile }
    var isBearer: Bool { name == Self.bearer }
    func serves(_ person: PersonRecord) async throws -> Bool { true }

    func token(
        for session: SessionRecord, of person: PersonRecord, endingAfter end: Date?
    ) async throws -> NotebookToken {
        let token = WorkloadToken(
            issuer: issuer, subject: WorkloadToken.subject(of: person.person.name, id: person.id),
            name: person.person.name, audiences: audiences, groups: person.person.groups.map(\.name).sorted(),
            session: session.id, cluster: session.cluster)
        let (text, end) = try token.signed(with: await keys.signer(), lasting: life, at: now())
        return NotebookToken(token: text, end: end)
    }
}
