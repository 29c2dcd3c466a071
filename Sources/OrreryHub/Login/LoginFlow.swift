import Foundation
import OrreryIdentity
import OrreryStore

/// The way to an issuer and back. What has to be remembered in between lies in the store, for ten minutes, and can be
/// taken once; any number of tabs may be under way. The return must come from the browser that left: the record is
/// found by state and browser cookie together.
struct LoginFlow: Sendable {
    let issuers: any LoginIssuers
    let store: any LoginStore
    let enrolment: Enrolment
    let logins: Logins
    let now: @Sendable () -> Date

    static let patience = Duration.seconds(600)

    /// Where to send `browser`, so that it comes back to the callback of `issuer` and then goes on to `next`.
    func begin(at issuer: String, browser: String, next: ReturnPath) async throws -> String {
        let start = try await issuers.begin(issuer)
        let instant = now()
        try await store.insert(
            TransactionRecord(
                stateHash: Self.key(state: start.state, browser: browser), issuer: issuer, nonce: start.nonce,
                verifier: start.verifier, next: next.text, createdAt: instant,
                expiresAt: instant + Self.patience.seconds))
        return start.url
    }

    /// What came of a login.
    struct Arrival: Sendable {
        let person: PersonRecord
        let cookie: String
        let login: LoginRecord
        let next: ReturnPath
    }

    /// Finishes the login that `browser` brings back to the callback of `issuer` with the parameters in `query`.
    /// The login takes the place of the one `earlier` at this browser.
    func finish(
        at issuer: String, browser: String?, query: FormFields, after earlier: LoginRecord?
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
        let claimant = try await issuers.finish(issuer, transaction, state: state, query: query.byName)
        let person = try await enrolment.enter(claimant, from: issuer)
        let (cookie, login) = try await logins.open(person, after: earlier)
        return Arrival(person: person, cookie: cookie, login: login, next: ReturnPath(transaction.next) ?? .home)
    }

    private static func key(state: String, browser: String) -> [UInt8] { Fingerprint.of("\(browser)\n\(state)") }
}
