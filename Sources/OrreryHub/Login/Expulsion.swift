import Foundation
import OrreryModel
import OrreryStore

/// Ends what somebody opened with an identity that is the account's no more: browsers, and the issuer's tokens. Tokens for
/// programs say nothing of how they were made; they are the person's to look through.
struct Expulsion: Sendable {
    let logins: any LoginStore
    let credentials: Credentials
    let farewell: Farewell
    /// The issuers' labels, by their URLs.
    let labels: [String: String]
    let now: @Sendable () -> Date

    func expel(_ identity: Identity, from person: PersonRecord) async throws {
        // Of an issuer that is not configured any more only the subject is known; then rather too much ends.
        let label = labels[identity.issuer]
        let open = try await logins.logins(person: person.id, at: now()).filter { login in
            login.origin?.subject == identity.subject && (label == nil || login.origin?.issuer == label)
        }
        for login in open { try await farewell.end(login) }
        for issuer in Set(open.compactMap { $0.origin?.issuer } + [label].compactMap(\.self)) {
            let credential = try await credentials.vault.store.credential(person: person.id, issuer: issuer)
            guard credential?.subject == identity.subject else { continue }
            _ = try await credentials.giveBack(person: person.id, issuer: issuer)
        }
    }
}
