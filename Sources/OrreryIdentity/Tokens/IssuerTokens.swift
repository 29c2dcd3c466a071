package import Foundation
package import OrreryModel

/// What an issuer's token endpoint gave at a login or a refresh. None of it is ever logged, shown or kept in the clear.
package struct IssuerTokens: Hashable, Sendable {
    package let access: Secret
    /// When the access token ends; nil when the issuer does not say.
    package let accessEnd: Date?
    /// What the access token is good for: what the issuer says, or what was asked for when it says nothing.
    package let scopes: [String]
    /// Nil when the issuer gave none; after a refresh this means that the earlier one stays good (RFC 6749 6).
    package let refresh: Secret?
    /// The ID token, verified; nil when a refresh brought none.
    package let identity: Secret?

    package init(access: Secret, accessEnd: Date?, scopes: [String], refresh: Secret? = nil, identity: Secret? = nil) {
        self.access = access
        self.accessEnd = accessEnd
        self.scopes = scopes
        self.refresh = refresh
        self.identity = identity
    }
}

/// A login at an issuer, as it must be known later to believe what a refresh brings.
package struct IssuerLogin: Hashable, Sendable {
    package let subject: String
    /// The nonce of the login; nil when it is not known any more.
    package let nonce: String?
    /// The scopes of the login.
    package let scopes: [String]

    package init(subject: String, nonce: String?, scopes: [String]) {
        self.subject = subject
        self.nonce = nonce
        self.scopes = scopes
    }
}

/// What a refresh brought: new tokens, and the claims of its ID token if there was one.
package struct Renewal: Sendable {
    package let tokens: IssuerTokens
    let claims: JSON?
    /// Why nobody can tell now whose tokens they are. The refresh token takes the place of the one before, which the issuer may
    /// have ended; the access token is for nobody.
    package let doubt: IdentityError?

    /// `claims` have been verified.
    package init(tokens: IssuerTokens, claims: JSON? = nil, doubt: IdentityError? = nil) {
        self.tokens = tokens
        self.claims = claims
        self.doubt = doubt
    }
}
