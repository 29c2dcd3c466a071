import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore

/// An issuer of the configuration: an access token for sessions, exchanged for that of the person's login there, or refreshed with
/// fewer scopes. The token of the login itself never leaves the hub.
struct IssuerSource: NotebookSource {
    let label: String
    let grant: NotebookGrant
    let issuers: any LoginIssuers
    let credentials: Credentials
    let store: any CredentialStore
    let now: @Sendable () -> Date

    var name: String { label }
    func file(uid: UInt32) -> String { "bt_u\(uid)-\(label)" }
    var isBearer: Bool { true }

    /// Who has never logged in there has no token to exchange. Who has, but not lately, is asked about again and again: a new
    /// login of theirs helps.
    func serves(_ person: PersonRecord) async throws -> Bool {
        try await store.credential(person: person.id, issuer: label) != nil
    }

    func token(
        for session: SessionRecord, of person: PersonRecord, endingAfter end: Date?
    ) async throws -> NotebookToken {
        let token =
            try await issuers.exchanges(label, grant)
            ? try await exchanged(for: person) : try await refreshed(for: person, endingAfter: end)
        return NotebookToken(token: token.token, end: token.end)
    }

    private func exchanged(for person: PersonRecord) async throws -> DelegatedToken {
        let login = try await credentials.access(to: label, for: person.id, lasting: Self.enough)
        return try await issuers.exchange(label, login.token, for: grant)
    }

    /// Asking for one that lasts longer than the one in the pod makes a new one, unless another session's is newer already.
    private func refreshed(for person: PersonRecord, endingAfter end: Date?) async throws -> DelegatedToken {
        let rest = end.map { max(0, $0.timeIntervalSince(now())) + 1 }
        let issued = try await credentials.access(
            to: label, for: person.id, scopes: grant.scopes, lasting: rest.map { .seconds($0) } ?? Self.enough)
        return try await issuers.delegated(label, issued.token, scopes: issued.scopes, end: issued.end, for: grant)
    }

    /// For a call that follows at once, and for a session's first minutes.
    private static let enough = Duration.seconds(60)

    /// One for each issuer that has a `notebook`, the default first, then in the order of the configuration.
    static func sources(
        of issuers: any LoginIssuers, _ configurations: [IssuerConfiguration], credentials: Credentials,
        store: any CredentialStore, now: @escaping @Sendable () -> Date
    ) -> [IssuerSource] {
        let giving = configurations.compactMap { issuer in issuer.notebook.map { (issuer.label, $0) } }
        let ordered = giving.filter { $0.1.isDefault } + giving.filter { !$0.1.isDefault }
        return ordered.map { label, grant in
            IssuerSource(
                label: label, grant: grant, issuers: issuers, credentials: credentials, store: store, now: now)
        }
    }
}
