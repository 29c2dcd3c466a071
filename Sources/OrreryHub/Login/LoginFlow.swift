import Foundation
import OrreryIdentity
import OrreryModel
import OrreryStore

/// The way to an issuer and back. What has to be remembered in between lies in the store, for ten minutes, and can be
/// taken once; any number of tabs may be under way. The return must come from the browser that left: the record is
/// found by state and browser cookie together.
struct LoginFlow: Sendable {
    let issuers: any LoginIssuers
    let store: any LoginStore
    let enrolment: Enrolment
    let logins: Logins
    let linking: Linking
    let farewell: Farewell
    let vault: CredentialVault
    let audit: AuditLog
    let now: @Sendable () -> Date
    /// How many logins begin, by address.
    let begun: FailureLimit
    /// How many logins may be under way; of more the oldest are forgotten, so that nobody who begins ever new ones fills the disk.
    /// One address alone never gets so far.
    var most = 20_000

    static let patience = Duration.seconds(600)

    /// A class of people, or a whole institute, may be behind one address.
    static func limit(now: @escaping @Sendable () -> Date) -> FailureLimit {
        FailureLimit(burst: 2000, interval: .milliseconds(300), now: now)
    }

    /// Where to send `browser`, so that it comes back to the callback of `issuer` and then goes on to `next`. With
    /// `visitor` it comes back to link an identity, for which that person's login has to be fresh.
    /// With `group` the issuer is asked for what that group requires of a login.
    /// `address` is where the browser is; who begins too many there waits once half of the logins that may be under way are.
    func begin(
        at issuer: String, browser: String, from address: ClientAddress, next: ReturnPath,
        raising group: String? = nil, linkingTo visitor: Visitor? = nil
    ) async throws -> String {
        if let visitor { try linking.check(visitor) }
        let wait = begun.wait(address.description)
        // Others may be at the same address, so nobody waits while there is room for all.
        if let wait, try await store.transactions(at: now()) >= most / 2 {
            throw HubError.tooMany(retryAfter: wait, "too many logins were begun at your address")
        }
        let demand = visitor == nil ? enrolment.auth.demand(raising: group) : Linking.demand
        let start = try await issuers.begin(issuer, demand)
        let instant = now()
        try await store.insert(
            TransactionRecord(
                stateHash: Self.key(state: start.state, browser: browser), issuer: issuer,
                browser: Fingerprint.of(browser), nonce: start.nonce,
                verifier: start.verifier, next: next.text, linkTo: visitor?.person.id, createdAt: instant,
                expiresAt: instant + Self.patience.seconds), most: most)
        // What began beyond the limit is no debt: else a long flood would be a long wait.
        if wait == nil { begun.record(address.description) }
        return start.url
    }

    /// What came of it.
    struct Arrival: Sendable {
        /// Nil when an identity was linked: then the login at this browser goes on.
        let entry: Entry?
        let next: ReturnPath
    }

    /// A new login.
    struct Entry: Sendable {
        let person: PersonRecord
        let cookie: String
        let login: LoginRecord
    }

    /// Finishes the login that `browser` brings back to the callback of `issuer` with the parameters in `query`.
    /// The login takes the place of `earlier`, the one before at this browser; another person's is ended.
    func finish(
        at issuer: String, browser: String?, query: FormFields, by visitor: Visitor?, after earlier: LoginRecord?
    ) async throws -> Arrival {
        guard let state = query["state"], let browser,
            let transaction = try await store.takeTransaction(
                stateHash: Self.key(state: state, browser: browser), at: now()),
            transaction.issuer == issuer
        else {
            throw HubError(
                .badRequest, "this login took too long, was finished before, or began in another browser",
                next: "log in again")
        }
        let claimant: Claimant
        do { claimant = try await issuers.finish(issuer, transaction, state: state, query: query.byName) } catch {
            let why = HubError(any: error).message
            await audit.record(AuditAct(.loginRefused, to: issuer, because: why))
            throw error
        }
        let next = ReturnPath(transaction.next) ?? .home
        if let person = transaction.linkTo {
            try await linking.link(claimant, from: issuer, to: person, by: visitor)
            return Arrival(entry: nil, next: next)
        }
        let person: PersonRecord
        do { person = try await enrolment.enter(claimant, from: issuer) } catch {
            try await enrolment.withdraw(from: claimant, unlessVouchedForBy: vault.store)
            let why = HubError(any: error).message
            await audit.record(AuditAct(.loginRefused, as: claimant.identity, to: issuer, because: why))
            throw error
        }
        try await vault.keep(claimant, of: person.id, nonce: transaction.nonce, at: now())
        let hint = try claimant.tokens?.identity.map { try vault.seal(hint: $0, of: person.id, at: issuer) }
        let own = earlier.flatMap { $0.person == person.id ? $0 : nil }
        // Before there is another login: nobody would know of this one any more, should the hub not get to it.
        if own == nil, let earlier { try await farewell.end(earlier) }
        let (cookie, login) = try await logins.open(
            person, raised: claimant.membership.raised,
            from: .init(issuer: issuer, subject: claimant.identity.subject, session: claimant.session), hint: hint,
            after: own)
        return Arrival(entry: Entry(person: person, cookie: cookie, login: login), next: next)
    }

    private static func key(state: String, browser: String) -> [UInt8] { Fingerprint.of("\(browser)\n\(state)") }
}
