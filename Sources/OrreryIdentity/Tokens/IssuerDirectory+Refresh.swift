package import OrreryModel

// What a hub does with the tokens of a login after it.
extension IssuerDirectory {
    /// New tokens for a refresh token of the issuer called `label`; see `Issuer.refresh`.
    package func refresh(
        _ label: String, _ token: Secret, scopes: [String]? = nil, of login: IssuerLogin
    ) async throws(IdentityError) -> Renewal {
        try await openID(label).refresh(token, scopes: scopes, of: login)
    }

    /// What the issuer says now about the person of `login`; nil when it says no groups without a new login.
    package func reread(
        _ label: String, _ login: IssuerLogin, access: Secret, after renewal: Renewal?
    ) async throws(IdentityError) -> Claimant? {
        try await openID(label).reread(login, access: access, after: renewal, rules: rules)
    }

    /// Asks the issuer to forget a refresh token.
    package func revoke(_ label: String, _ token: Secret) async throws(IdentityError) {
        try await openID(label).revoke(token)
    }

    /// Where a browser logs out at the issuer called `label`; nil when there is no such place.
    package func departure(_ label: String, hint: Secret?, returningTo target: String) async -> String? {
        await (try? openID(label))?.departure(hint: hint, returningTo: target)
    }

    func openID(_ label: String) throws(IdentityError) -> Issuer {
        guard let issuer = try issuer(label) as? Issuer else {
            throw IdentityError(
                .misconfigured, issuer: label,
                sentence: "This login provider keeps nothing that could be renewed; log in again.",
                detail: "a plain OAuth 2 issuer has no tokens of ours")
        }
        return issuer
    }
}
