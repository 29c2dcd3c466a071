import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore

/// What comes after a person's logout here: the issuer takes its refresh token back, and the browser logs out there too.
struct Departure: Sendable {
    let logins: Logins
    let tokens: any TokenStore
    let vault: CredentialVault
    let credentials: Credentials
    let issuers: any LoginIssuers
    let url: PublicURL
    /// What people read for an issuer, by its label.
    let titles: [String: String]
    let now: @Sendable () -> Date

    /// Where the browser goes on to log out at the issuer.
    struct Step: Sendable {
        let title: String
        let url: String
    }

    /// Where the issuer sends the browser back to.
    static let landing = "/hub/logout"

    /// What the issuer wants to see again of `login`; asked for before the login is ended. One that cannot be had makes the
    /// issuer ask the person, and nothing else.
    func hint(of login: LoginRecord) async -> Secret? {
        guard let issuer = login.origin?.issuer, let sealed = try? await logins.store.hint(of: login) else {
            return nil
        }
        return try? vault.open(hint: sealed, of: login.person, at: issuer)
    }

    /// Finishes the logout of `login`, which has been ended. The refresh token serves the person's other browsers too, so it is
    /// given back with the last of those in use that came through this issuer; programs that have a token of the hub want the groups to be
    /// read again, and it is kept for them. Nil when there is nowhere else to log out.
    func leave(_ login: LoginRecord, hint: Secret?) async throws -> Step? {
        guard let issuer = login.origin?.issuer else { return nil }
        let tokens = try await tokens.tokens(person: login.person, at: now())
        let hasPrograms = tokens.contains { $0.kind == .personal }
        let others = try await logins.store.logins(person: login.person, at: now()).filter { isInUse($0, tokens) }
        if !hasPrograms, !others.contains(where: { $0.origin?.issuer == issuer }) {
            // A browser that is sent to an issuer that is away stays there.
            guard try await giveBack(login.person, issuer) else { return nil }
        }
        let target = url.origin + Self.landing
        guard let address = await issuers.departure(issuer, hint: hint, returningTo: target) else { return nil }
        return Step(title: titles[issuer] ?? issuer, url: address)
    }

    /// Whether the issuer answered, if there was anything to give back. Of a login that it has ended itself there is not, and the
    /// mark of that stays: no session starts until the person has logged in anew.
    private func giveBack(_ person: Int64, _ issuer: String) async throws -> Bool {
        if try await vault.store.credential(person: person, issuer: issuer)?.endedAt != nil { return true }
        return try await credentials.giveBack(person: person, issuer: issuer)
    }

    /// Whether somebody sits at the browser of `login`, at the hub's pages or in a notebook that asks with one of `tokens`.
    private func isInUse(_ login: LoginRecord, _ tokens: [TokenRecord]) -> Bool {
        let visits = tokens.filter { $0.sid == login.sid }.compactMap(\.lastUsed)
        return !logins.isIdle(since: max(login.lastSeen, visits.max() ?? .distantPast), at: now())
    }
}
