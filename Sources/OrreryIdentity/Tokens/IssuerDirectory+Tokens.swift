import OrreryCrypto
import Synchronization

extension IssuerDirectory {
    /// Who came with the access token `text` for our API.
    ///
    /// The issuer that the token names has to be one of ours, byte for byte, before anything is looked up or fetched. Throws
    /// `.unbelievable` unless it has `api`, one of its keys signed the token and every rule for access tokens holds. The
    /// network is waited for only when the issuer's keys are not at hand.
    package func grant(of text: String) async throws(IdentityError) -> AccessGrant {
        let token = try Self.read(text, as: .access)
        return try await issuer(of: token).grant(of: token)
    }

    /// Whose sessions the logout token `text` of the issuer called `label` ends. Throws as for an access token, and when the
    /// token has come before, unless it was let come again.
    package func order(in text: String, from label: String) async throws(IdentityError) -> LogoutOrder {
        let token = try Self.read(text, as: .logout)
        let issuer = try issuer(of: token)
        guard issuer.label == label else {
            throw IdentityError(.unbelievable, at: issuer.configuration, "its logout token came to another's address")
        }
        let order = try await issuer.order(in: token)
        let isFirst = seenLogouts.withLock {
            $0.isFirst(order.id, of: issuer.configuration.issuer, until: order.end, at: issuer.now())
        }
        guard isFirst else {
            throw IdentityError(.stale, at: issuer.configuration, "its logout token has come before")
        }
        return order
    }

    /// Lets the token of `order`, which could not be carried out, come once more.
    package func allowAgain(_ order: LogoutOrder, from label: String) {
        guard let issuer = try? openID(label) else { return }
        seenLogouts.withLock { $0.forget(order.id, of: issuer.configuration.issuer) }
    }

    private static func read(_ text: String, as kind: TokenKind) throws(IdentityError) -> SignedToken {
        do throws(CryptoError) { return try SignedToken(text, as: kind) } catch { throw stranger(error.message) }
    }

    private func issuer(of token: SignedToken) throws(IdentityError) -> Issuer {
        let name = token.claimedIssuer
        let issuer = issuers.lazy.compactMap { $0 as? Issuer }.first { issuer in
            name.map(issuer.configuration.isSpelling) ?? false
        }
        guard let issuer else { throw Self.stranger("no issuer of this hub has the token's iss") }
        return issuer
    }

    private static func stranger(_ detail: String) -> IdentityError {
        IdentityError(
            .unbelievable, issuer: "",
            sentence: "This token cannot be verified here; ask for one of an issuer that this hub trusts.",
            detail: detail)
    }
}
