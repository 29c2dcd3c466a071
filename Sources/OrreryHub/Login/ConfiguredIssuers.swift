import Foundation
import Logging
import OrreryFetch
import OrreryIdentity
import OrreryModel
import OrreryStore

/// The issuers of the configuration, as the login sees them.
struct ConfiguredIssuers: LoginIssuers {
    private let directory: IssuerDirectory

    init(_ auth: HubConfiguration.Auth, fetcher: Fetcher, logger: Logger) {
        directory = IssuerDirectory(issuers: auth.issuers, rules: auth.groups, fetcher: fetcher, logger: logger)
    }

    func grant(of token: String) async throws -> AccessGrant { try await directory.grant(of: token) }

    func choices() async -> [IssuerStatus] { await directory.status() }

    func begin(_ label: String, _ demand: LoginDemand) async throws -> LoginStart {
        try await directory.begin(label, demand)
    }

    func finish(
        _ label: String, _ transaction: TransactionRecord, state: String, query: [String: String]
    ) async throws -> Claimant {
        let remembered = LoginTransaction(state: state, nonce: transaction.nonce, verifier: transaction.verifier)
        return try await directory.finish(label, remembered, query: query)
    }

    func refresh(
        _ label: String, _ token: Secret, scopes: [String]?, of login: IssuerLogin
    ) async throws -> Renewal {
        try await directory.refresh(label, token, scopes: scopes, of: login)
    }

    func reread(
        _ label: String, _ login: IssuerLogin, access: Secret, after renewal: Renewal?
    ) async throws -> Claimant? {
        try await directory.reread(label, login, access: access, after: renewal)
    }

    func exchanges(_ label: String, _ grant: NotebookGrant) async throws -> Bool {
        try await directory.exchanges(label, grant)
    }

    func exchange(_ label: String, _ login: Secret, for grant: NotebookGrant) async throws -> DelegatedToken {
        try await directory.exchange(label, login, for: grant)
    }

    func delegated(
        _ label: String, _ token: Secret, scopes: [String], end: Date, for grant: NotebookGrant
    ) async throws -> DelegatedToken {
        try directory.delegated(label, token, scopes: scopes, end: end, for: grant)
    }

    func revoke(_ label: String, _ token: Secret) async throws { try await directory.revoke(label, token) }

    func departure(_ label: String, hint: Secret?, returningTo target: String) async -> String? {
        await directory.departure(label, hint: hint, returningTo: target)
    }

    func order(in token: String, from label: String) async throws -> LogoutOrder {
        try await directory.order(in: token, from: label)
    }

    func allowAgain(_ order: LogoutOrder, from label: String) async { directory.allowAgain(order, from: label) }
}
