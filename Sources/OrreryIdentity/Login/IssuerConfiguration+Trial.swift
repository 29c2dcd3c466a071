package import Foundation
package import OrreryModel

extension IssuerConfiguration {
    /// Somebody with these claims, at the ID token and at the userinfo endpoint alike, as a login through this issuer would
    /// read them; or the rule that they break. For trying a configuration: nothing is verified.
    package func claimant(
        saying claims: JSON, rules: [GroupRule], at now: Date
    ) throws(IdentityError) -> Claimant {
        let offence: ClaimOffence
        do throws(ClaimOffence) {
            let subject = try claims.subject(notClient: client)
            let shortfall = requirement.shortfall(of: Evidence(token: claims, userinfo: claims), at: now)
            if let shortfall {
                throw ClaimOffence("`require` of \(label) is not met: \(shortfall.sentence(issuer: title))")
            }
            return try ClaimReader(issuer: self, token: claims, userinfo: claims, now: now)
                .claimant(subject: subject, rules: GroupRules(rules: rules))
        } catch { offence = error }
        throw IdentityError(.unbelievable, at: self, offence.message)
    }
}
