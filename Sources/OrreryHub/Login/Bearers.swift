import Logging
import OrreryIdentity
import OrreryModel
import OrreryStore

/// People who call the API with an access token of an issuer, instead of one of ours.
///
/// Whoever fails too often waits: an address after sixty failures within a minute, and while one issuer's tokens fail a
/// thousand times within a minute, every address that had one of the failures. Who has done nothing wrong is never kept
/// waiting by what others do.
struct Bearers: Sendable {
    let issuers: any LoginIssuers
    let persons: any PersonStore
    let logins: Logins
    let byAddress: FailureLimit
    let byIssuer: FailureLimit

    init(
        issuers: any LoginIssuers, persons: any PersonStore, logins: Logins
    ) {
        self.issuers = issuers
        self.persons = persons
        self.logins = logins
        byAddress = FailureLimit(burst: 60, interval: .seconds(1), now: logins.now)
        byIssuer = FailureLimit(burst: 1000, interval: .milliseconds(60), now: logins.now)
    }

    /// What is wrong with a token, for the log alone.
    struct Refusal: Error {
        let reason: String
    }

    /// Who came with `token` from `address`. Throws `Refusal` when that is certainly nobody, and something else while it
    /// cannot be found out.
    func person(_ token: String, from address: ClientAddress) async throws -> PersonRecord {
        let traits = TokenTraits(of: token)
        let issuer = "issuer \(traits.issuer ?? "")"
        if let wait = wait(address, issuer) { throw HubError.tooManyFailures(wait) }
        do {
            return try await person(token)
        } catch let refusal as Refusal {
            byAddress.record(address.description)
            byIssuer.record(issuer)
            throw Refusal(reason: "\(refusal.reason) (\(traits))")
        }
    }

    private func wait(_ address: ClientAddress, _ issuer: String) -> Duration? {
        if let wait = byAddress.wait(address.description) { return wait }
        return byAddress.hasFailed(address.description) ? byIssuer.wait(issuer) : nil
    }

    private func person(_ token: String) async throws -> PersonRecord {
        let grant: AccessGrant
        do {
            grant = try await issuers.grant(of: token)
        } catch let error as IdentityError where error.kind == .unbelievable {
            throw Refusal(reason: error.detail)
        }
        guard !logins.auth.users.denies(grant.identity, of: grant.issuer) else { throw Refusal(reason: "users.deny") }
        guard let person = try await persons.person(identity: grant.identity) else {
            throw Refusal(reason: "nobody has logged in here with this identity")
        }
        guard try await logins.admitsPrograms(of: person) else {
            throw Refusal(
                reason: "\(person.person.name) is suspended, denied, or in no group that may enter as far as is known")
        }
        return person
    }
}

extension HubError {
    static func tooManyFailures(_ wait: Duration) -> HubError {
        .tooMany(retryAfter: wait, "too many calls from your address came with tokens that are not good")
    }
}
