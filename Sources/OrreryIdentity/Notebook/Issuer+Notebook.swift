package import Foundation
import OrreryCrypto
import OrreryFetch
package import OrreryModel

// Tokens for sessions: never that of the login, never one to refresh with, never good for more than was configured.
extension Issuer {
    /// Whether it exchanges tokens, by our configuration or its own word.
    func exchanges(_ grant: NotebookGrant) async throws(IdentityError) -> Bool {
        switch grant.exchange {
        case .yes: true
        case .no: false
        case .auto: try await metadata().exchangesTokens
        }
    }

    /// Exchanges the access token of a login for one of `grant` (RFC 8693 2). A refresh token that comes along is dropped.
    func exchange(_ login: Secret, for grant: NotebookGrant) async throws(IdentityError) -> DelegatedToken {
        var form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", login.reveal()), ("subject_token_type", Self.accessTokenType),
            ("requested_token_type", Self.accessTokenType), ("scope", grant.scopes.joined(separator: " ")),
        ]
        form += grant.audiences.map { ("audience", $0) } + grant.resources.map { ("resource", $0) }
        let answer = try await post(form, to: try await metadata().token, "token endpoint")
        let tokens = try tokens(in: answer, askedFor: grant.scopes, refused: .declined)
        let type = (try? JSON(strict: answer.body))?["issued_token_type"]?.string
        guard type == Self.accessTokenType || type == "urn:ietf:params:oauth:token-type:jwt" else {
            throw unfit("it is not said to be an access token")
        }
        guard !tokens.access.reveal().utf8.elementsEqual(login.reveal().utf8) else {
            throw unfit("it is the token of the login itself")
        }
        return try delegated(tokens.access, scopes: tokens.scopes, end: tokens.accessEnd, for: grant)
    }

    /// `token` as one for sessions, when it is good for no more than `grant`: by the word of the answer that it came with, and
    /// by its own where it is one that can be read. It came from the issuer over a connection of ours, and who else is shown
    /// it verifies its signature.
    func delegated(
        _ token: Secret, scopes: [String], end: Date?, for grant: NotebookGrant
    ) throws(IdentityError) -> DelegatedToken {
        let excess = grant.excess(in: scopes)
        guard excess.isEmpty else { throw unfit("it is good for more than was asked for: \(excess)") }
        let longest = now() + Self.longestLife
        guard let claims = Self.claims(of: token) else {
            return DelegatedToken(token: token, end: min(end ?? now() + Self.unknownLife, longest))
        }
        do throws(ClaimOffence) {
            let check = NotebookTokenCheck(issuer: configuration, grant: grant, now: now())
            let own = try check.end(of: claims)
            return DelegatedToken(token: token, end: min(end ?? own, own, longest))
        } catch { throw unfit(error.message) }
    }

    /// What a signed token says, unverified; nil for one that says nothing to us.
    static func claims(of token: Secret) -> JSON? {
        let parts = token.reveal().utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Base64URL.decode(parts[1]), let claims = try? JSON(strict: payload),
            claims.object != nil
        else { return nil }
        return claims
    }

    private func unfit(_ reason: String) -> IdentityError {
        IdentityError(.unbelievable, at: configuration, "its token for sessions is not delivered: \(reason)")
    }

    private static let accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
    /// How long a token is taken to be good whose issuer says nothing about it.
    private static let unknownLife: TimeInterval = 600
    /// One that is said to live longer is renewed as if it did not: nobody plans with an end in the year 30000.
    private static let longestLife: TimeInterval = 86400
}

/// An access token that a session may carry.
package struct DelegatedToken: Hashable, Sendable {
    package let token: Secret
    package let end: Date

    package init(token: Secret, end: Date) {
        self.token = token
        self.end = end
    }
}
