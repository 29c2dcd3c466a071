import Foundation
import OrreryIdentity
import OrreryModel

@testable import OrreryHub

// Of these issuers `other` exchanges tokens, and `test` gives ones of fewer scopes.
extension TestIssuers {
    func exchanges(_ label: String, _ grant: NotebookGrant) async throws -> Bool { label == "other" }

    func exchange(_ label: String, _ login: Secret, for grant: NotebookGrant) async throws -> DelegatedToken {
        DelegatedToken(token: Secret("exchanged for \(login.reveal())"), end: clock.now + 600)
    }

    func delegated(
        _ label: String, _ token: Secret, scopes: [String], end: Date, for grant: NotebookGrant
    ) async throws -> DelegatedToken {
        let excess = grant.excess(in: scopes)
        guard excess.isEmpty else {
            throw IdentityError(.unbelievable, issuer: label, sentence: "No.", detail: "good for more: \(excess)")
        }
        return DelegatedToken(token: token, end: end)
    }
}
