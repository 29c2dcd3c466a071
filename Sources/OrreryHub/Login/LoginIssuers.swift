import Foundation
import OrreryIdentity
import OrreryModel
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

    /// New tokens for a refresh token of `login`. Throws `.revoked` when only a new login helps.
    func refresh(
        _ label: String, _ token: Secret, scopes: [String]?, of login: IssuerLogin
    ) async throws -> Renewal
    /// What the issuer says now about the person of `login`; nil when it says no groups without a new login.
    func reread(
        _ label: String, _ login: IssuerLogin, access: Secret, after renewal: Renewal?
    ) async throws -> Claimant?
    /// Asks the issuer to forget a refresh token.
    func revoke(_ label: String, _ token: Secret) async throws
    /// Where a browser logs out at the issuer; nil when there is no such place.
    func departure(_ label: String, hint: Secret?, returningTo target: String) async -> String?
    /// Whether the issuer exchanges tokens for those that sessions carry.
    func exchanges(_ label: String, _ grant: NotebookGrant) async throws -> Bool
    /// Exchanges the access token of a login for one that a session may carry.
    func exchange(_ label: String, _ login: Secret, for grant: NotebookGrant) async throws -> DelegatedToken
    /// A token of fewer scopes as one that a session may carry. Throws, as `exchange` does, when it is good for more.
    func delegated(
        _ label: String, _ token: Secret, scopes: [String], end: Date, for grant: NotebookGrant
    ) async throws -> DelegatedToken
    /// Whose sessions a logout token of the issuer ends.
    func order(in token: String, from label: String) async throws -> LogoutOrder
    /// Lets the token of `order`, which could not be carried out, come once more.
    func allowAgain(_ order: LogoutOrder, from label: String) async
}
