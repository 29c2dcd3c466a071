import Foundation
import OrreryCrypto
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Seals what issuers gave and keeps it in the store. A sealed text opens only for the person, the issuer and the subject that
/// it was made for, so nobody who can write the database gives one person another's tokens.
struct CredentialVault: Sendable {
    let store: any CredentialStore
    let keys: KeyRing

    /// A stored credential with its tokens in the clear.
    struct Open: Sendable {
        let record: CredentialRecord
        let tokens: KeptTokens

        var login: IssuerLogin { IssuerLogin(subject: record.subject, nonce: tokens.nonce, scopes: tokens.scopes) }
    }

    /// Keeps what a login of `person` at `now` brought; of an issuer that gives nothing to keep, that it was the last one.
    func keep(_ claimant: Claimant, of person: Int64, nonce: String, at now: Date) async throws {
        let tokens = claimant.tokens.map { KeptTokens($0, nonce: nonce, session: claimant.session, at: now) }
        let binding = Self.binding(person, claimant.issuer, claimant.identity.subject)
        try await store.keep(
            CredentialRecord(
                person: person, issuer: claimant.issuer, subject: claimant.identity.subject,
                sealed: try tokens.map { try seal($0, for: binding) }, loginAt: now, checkedAt: now))
    }

    /// The tokens of `record`; nil when there are none.
    func open(_ record: CredentialRecord) throws -> Open? {
        guard let sealed = record.sealed else { return nil }
        let plain = try keys.open(sealed, for: Self.binding(record.person, record.issuer, record.subject))
        return Open(record: record, tokens: try JSONDecoder().decode(KeptTokens.self, from: Data(plain)))
    }

    /// Puts `tokens` in the place of those of `before`; false when somebody has logged in anew.
    func renew(_ before: Open, with tokens: KeptTokens) async throws -> Bool {
        let record = before.record
        let sealed = try seal(tokens, for: Self.binding(record.person, record.issuer, record.subject))
        if try await store.renew(record, sealed: sealed) { return true }
        // A change of keys seals the same tokens anew (`orrery keys rotate`), and the old key may be gone already. That must not
        // cost the ones that the issuer has just given: the old ones are good for nothing any more.
        guard let now = try await store.credential(person: record.person, issuer: record.issuer),
            now.loginAt == record.loginAt, try open(now)?.tokens == before.tokens
        else { return false }
        return try await store.renew(now, sealed: sealed)
    }

    /// What the logout at `issuer` wants to see again of a login of `person`, sealed.
    func seal(hint: Secret, of person: Int64, at issuer: String) throws -> [UInt8] {
        try keys.seal(Array(hint.reveal().utf8), for: SealedColumn.logoutHint.binding("\(person)", issuer))
    }

    func open(hint: [UInt8], of person: Int64, at issuer: String) throws -> Secret {
        let plain = try keys.open(hint, for: SealedColumn.logoutHint.binding("\(person)", issuer))
        return Secret(String(decoding: plain, as: UTF8.self))
    }

    private func seal(_ tokens: KeptTokens, for binding: [String]) throws -> [UInt8] {
        try keys.seal(Array(try JSONEncoder().encode(tokens)), for: binding)
    }

    private static func binding(_ person: Int64, _ issuer: String, _ subject: String) -> [String] {
        SealedColumn.credential.binding("\(person)", issuer, subject)
    }
}
