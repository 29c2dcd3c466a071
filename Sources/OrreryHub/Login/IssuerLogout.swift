import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Ends here what an issuer says has ended there (OpenID Connect Back-Channel Logout 2.7).
struct IssuerLogout: Sendable {
    let issuers: any LoginIssuers
    let logins: any LoginStore
    let vault: CredentialVault
    let farewell: Farewell
    let persons: any PersonStore
    let audit: AuditLog
    let now: @Sendable () -> Date

    /// Does what `token` of the issuer called `label` orders; gives how many logins ended. A token works once, but for one whose
    /// order could not be carried out: then it throws, and the issuer may send it again.
    func obey(_ token: String, of label: String) async throws -> Int {
        let order = try await issuers.order(in: token, from: label)
        do { return try await end(order, at: label) } catch {
            await issuers.allowAgain(order, from: label)
            throw error
        }
    }

    /// One login that cannot be ended does not keep the others open. Those of a person whose tokens cannot be forgotten stay: nothing
    /// else would lead the next try to them.
    private func end(_ order: LogoutOrder, at issuer: String) async throws -> Int {
        let open = try await logins.logins(issuer: issuer, subject: order.subject, session: order.session, at: now())
        var failure: (any Error)?
        // First, while the logins still tell whose tokens they are.
        var kept: Set<Int64> = []
        for person in Set(open.map(\.person)) {
            do { try await forget(order, at: issuer, person) } catch {
                failure = error
                kept.insert(person)
            }
        }
        for login in open where !kept.contains(login.person) {
            do {
                try await farewell.end(login)
                // Ended is ended, also when whose it was cannot be read now.
                let person = try? await persons.person(id: login.person)
                await audit.record(AuditAct(.logout, of: person, to: issuer, because: "the issuer ordered it"))
            } catch { failure = error }
        }
        if let failure { throw failure }
        return open.count
    }

    /// Tokens of a session that is over are good for nothing, unless the login asked for those that outlast it (2.7). What no
    /// key opens is nobody's to use and goes when it is next asked for.
    private func forget(_ order: LogoutOrder, at issuer: String, _ person: Int64) async throws {
        guard let record = try await vault.store.credential(person: person, issuer: issuer),
            order.subject == nil || record.subject == order.subject,
            let tokens = (try? vault.open(record))?.tokens, !tokens.outlastsSession,
            order.session == nil || tokens.session == order.session
        else { return }
        _ = try await vault.store.end(record, at: now())
    }
}
