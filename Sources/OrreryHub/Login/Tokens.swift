import Foundation
import OrreryCrypto
import OrreryModel
import OrreryStore

/// Issues the hub's bearer tokens and looks them up. A token is 43 random characters behind a mark by which the
/// proxy and people who search for leaked secrets know it; only its SHA-256 is stored.
struct Tokens: Sendable {
    let store: any TokenStore
    let now: @Sendable () -> Date

    /// `HubToken` of the proxy looks for it.
    static let mark = "orrery_"

    /// How long a browser may use a server without asking the hub again, unless its login ends before.
    static let visit: TimeInterval = 14 * 86400

    /// A fresh token for the pod of `session`; it ends with the session.
    func issueServerToken(for session: SessionRecord) async throws(StoreError) -> Secret {
        try await issue(
            .server, to: session.person, session: session.id, sid: nil,
            scopes: Scopes.ofServer(session.server, of: session.personName), note: "server \(session.prefix)",
            expiresAt: nil
        ).secret
    }

    /// A token with which the server `session` may recognise the person who was granted `code` through `login`, and when it
    /// ends. Throws `.conflict` (`.code`) when the code was shown again meanwhile.
    func issueVisit(
        _ code: CodeRecord, of login: LoginRecord, to session: SessionRecord
    ) async throws(StoreError) -> (secret: Secret, end: Date) {
        let end = min(login.expiresAt, now() + Self.visit)
        let issued = try await issue(
            .oauth, to: code.person, session: session.id, sid: code.sid, code: code.hash, scopes: code.scopes,
            note: "browser at \(session.prefix)", expiresAt: end)
        return (issued.secret, end)
    }

    /// A token with which the hub may look at the server of `session` as its person, for a minute.
    func issueGlance(at session: SessionRecord) async throws(StoreError) -> Secret {
        try await issue(
            .oauth, to: session.person, session: session.id, sid: nil,
            scopes: ["access:servers!server=\(session.personName)/\(session.server)"],
            note: "hub at \(session.prefix)", expiresAt: now().addingTimeInterval(60)
        ).secret
    }

    /// Most tokens that one person may have for programs.
    static let mostPersonal = 100

    /// A token for programs of `person`, made with the token `parent` if with one, and what is stored of it. Throws
    /// `.conflict` (`.tokens`) when the person has as many as one may have.
    func issuePersonal(
        to person: Int64, scopes: [String], note: String, until end: Date, madeWith parent: String? = nil
    ) async throws(StoreError) -> (secret: Secret, record: TokenRecord) {
        try await issue(
            .personal, to: person, session: nil, sid: nil, parent: parent, scopes: scopes, note: note, expiresAt: end,
            most: Self.mostPersonal)
    }

    /// The token's record; nil is a certain no.
    func record(of token: String) async throws(StoreError) -> TokenRecord? {
        guard token.utf8.count <= 256 else { return nil }
        return try await store.token(hash: Fingerprint.of(token), at: now())
    }

    /// The same with its person, as they are now.
    func holder(of token: String) async throws(StoreError) -> (token: TokenRecord, person: PersonRecord)? {
        guard token.utf8.count <= 256 else { return nil }
        return try await store.holder(hash: Fingerprint.of(token), at: now())
    }

    private func issue(
        _ kind: TokenRecord.Kind, to person: Int64, session: String?, sid: String?, code: [UInt8]? = nil,
        parent: String? = nil, scopes: [String], note: String, expiresAt: Date?, most: Int = .max
    ) async throws(StoreError) -> (secret: Secret, record: TokenRecord) {
        let token = Self.mark + RandomToken.make(bytes: 32)
        let issued = now()
        let record = TokenRecord(
            id: RecordID.fresh(at: issued), hash: Fingerprint.of(token), person: person, kind: kind, session: session,
            sid: sid, code: code, parent: parent, scopes: scopes, note: note, createdAt: issued, expiresAt: expiresAt)
        try await store.insert(record, most: most)
        return (Secret(token), record)
    }
}
