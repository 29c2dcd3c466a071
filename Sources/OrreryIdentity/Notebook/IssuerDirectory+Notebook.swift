package import Foundation
package import OrreryModel

extension IssuerDirectory {
    /// Whether the issuer called `label` exchanges tokens for those of sessions.
    package func exchanges(_ label: String, _ grant: NotebookGrant) async throws(IdentityError) -> Bool {
        try await openID(label).exchanges(grant)
    }

    /// Exchanges the access token of a login for one that a session may carry. Throws `.unbelievable` when what comes is good for
    /// more than `grant`.
    package func exchange(
        _ label: String, _ login: Secret, for grant: NotebookGrant
    ) async throws(IdentityError) -> DelegatedToken {
        try await openID(label).exchange(login, for: grant)
    }

    /// `token`, which came by a refresh with fewer scopes, as one that a session may carry. Throws as `exchange` does.
    package func delegated(
        _ label: String, _ token: Secret, scopes: [String], end: Date?, for grant: NotebookGrant
    ) throws(IdentityError) -> DelegatedToken {
        try openID(label).delegated(token, scopes: scopes, end: end, for: grant)
    }
}
