import Foundation
import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

/// Lets a second identity open a person's account, while there is fresh proof of both: a login here that is a few minutes
/// old, and one at the other issuer that begins and ends now. Never by an equal name or e-mail address.
struct Linking: Sendable {
    let store: any PersonStore & IdentityStore
    let users: HubConfiguration.Users
    let audit: AuditLog
    let now: @Sendable () -> Date
    let logger: Logger

    /// How old either proof may be.
    static let freshness = Duration.seconds(600)

    /// What is asked of the other issuer: to let the person log in again, whoever the browser is to it.
    static let demand = LoginDemand(age: freshness, isAnew: true)

    /// Throws unless the login of `visitor` is fresh.
    func check(_ visitor: Visitor) throws(HubError) {
        guard now() <= visitor.login.createdAt + Self.freshness.seconds else {
            throw HubError(
                .forbidden, "your login here is older than ten minutes, and linking needs a fresh one",
                next: "log out, log in again, and link then")
        }
    }

    /// Links the identity of `claimant`, who comes back from the issuer called `label`, to `person`, who asked for it. `visitor`
    /// is who is at the browser now.
    func link(_ claimant: Claimant, from label: String, to person: Int64, by visitor: Visitor?) async throws {
        guard let visitor, visitor.person.id == person else {
            throw HubError(
                .forbidden, "somebody else is logged in at this browser than when the linking began",
                next: "log in and link again")
        }
        try check(visitor)
        try checkFreshness(of: claimant)
        guard !users.denies(claimant.identity, of: label) else { throw HubError.denied }
        try await checkOwner(of: claimant.identity, visitor)
        try await store.link(claimant.identity, to: person, at: now())
        await audit.record(AuditAct(.link, of: visitor.person, as: claimant.identity, to: label))
        logger.notice(
            "identity linked",
            metadata: ["person": "\(visitor.person.person.name)", "issuer": "\(claimant.identity.issuer)"])
    }

    // An issuer that passes over what we ask may say when the person logged in there; some say nothing, and then coming back
    // from there now is all the proof that there can be.
    private func checkFreshness(of claimant: Claimant) throws(HubError) {
        guard let instant = claimant.authenticatedAt, instant < now() - Self.freshness.seconds else { return }
        throw HubError(
            .forbidden, "you logged in at the other issuer more than ten minutes ago, and linking needs a fresh login",
            next: "log out there and link again")
    }

    private func checkOwner(of identity: Identity, _ visitor: Visitor) async throws {
        guard let owner = try await store.person(identity: identity), owner.id != visitor.person.id else { return }
        throw HubError(
            .conflict, "that identity is another account of this hub (\(owner.person.name))",
            next: "log in with it to use that account; accounts that exist cannot be joined")
    }
}
