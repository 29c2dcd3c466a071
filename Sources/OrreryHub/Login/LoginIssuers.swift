import OrreryIdentity
import OrreryStore

/// The issuers of this hub, as the login sees them. Errors are `IdentityError`s, whose sentence is for the person.
protocol LoginIssuers: Sendable {
    /// All of them in the order of the configuration, and whether they can be used now.
    func choices() async -> [IssuerStatus]
    /// Starts a login at the issuer called `label`, which `demand` asks for more.
    func begin(_ label: String, _ demand: LoginDemand) async throws -> LoginStart
    /// Finishes the login that `transaction` remembers, with what the issuer sent back.
    func finish(
        _ label: String, _ transaction: TransactionRecord, state: String, query: [String: String]
    ) async throws -> Claimant
    /// Who came with an access token of one of them for our API.
    func grant(of token: String) async throws -> AccessGrant
}
