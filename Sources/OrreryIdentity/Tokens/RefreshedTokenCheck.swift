import Foundation
import OrreryCrypto
import OrreryModel

/// The rules for the claims of an ID token that a refresh brought, whose signature held (OpenID Connect Core 12.2): the same
/// issuer, person and client as at the login, and no other login's nonce.
struct RefreshedTokenCheck {
    let issuer: IssuerConfiguration
    let login: IssuerLogin
    let now: Date

    /// Throws the first rule that is broken.
    func check(_ verified: VerifiedClaims, accessToken: String) throws(ClaimOffence) {
        let claims = verified.claims
        let rules = IdentityTokenCheck(issuer: issuer, nonce: login.nonce ?? "", now: now)
        let subject = try rules.subjectWithoutNonce(of: verified, accessToken: accessToken)
        guard subject.utf8.elementsEqual(login.subject.utf8) else { throw ClaimOffence("sub is another person's") }
        guard let nonce = claims["nonce"] else { return }
        guard let known = login.nonce, let nonce = nonce.string, nonce.equalsInConstantTime(known) else {
            throw ClaimOffence("nonce is another login's")
        }
    }
}
