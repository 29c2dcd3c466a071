/// Why somebody could not be logged in. `sentence` is for that person and says whose doing it is and what to do next;
/// `detail` is for the log. Neither ever holds a token, a code or a secret.
package struct IdentityError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    /// The label of the issuer it is about.
    package let issuer: String
    package let sentence: String
    package let detail: String

    package init(_ kind: Kind, issuer: String, sentence: String, detail: String) {
        self.kind = kind
        self.issuer = issuer
        self.sentence = sentence
        self.detail = detail
    }

    package var description: String { "\(issuer): \(detail)" }

    package enum Kind: String, Hashable, Sendable {
        /// No issuer has this label.
        case unknownIssuer
        /// The issuer does not answer; others and running sessions are not affected.
        case unreachable
        /// The issuer answers what it should not.
        case misbehaving
        /// The issuer does not know us as we are configured.
        case misconfigured
        /// The issuer, or the person there, said no.
        case declined
        /// The login is too old, was finished before, or belongs to another browser or issuer.
        case stale
        /// What the issuer sent about the person cannot be believed.
        case unbelievable
        /// The issuer has ended what it granted before; only a new login helps.
        case revoked
        /// The issuer does not say what this hub requires of a login or of a home organisation.
        case insufficient
    }
}

extension IdentityError {
    init(_ kind: Kind, at issuer: IssuerConfiguration, _ detail: String) {
        self.init(kind, issuer: issuer.label, sentence: Self.sentence(kind, issuer.title), detail: detail)
    }

    init(_ shortfall: Shortfall, at issuer: IssuerConfiguration) {
        self.init(
            .insufficient, issuer: issuer.label, sentence: shortfall.sentence(issuer: issuer.title) + ".",
            detail: "its `require` is not met: \(shortfall)")
    }

    private static func sentence(_ kind: Kind, _ title: String) -> String {
        switch kind {
        case .unknownIssuer: "There is no such login here; choose one on the login page."
        case .unreachable:
            "\(title) cannot be reached, so nobody can log in through it now; try again in a minute or log in another way."
        case .misbehaving:
            "\(title) answered in a way that this hub cannot use; try again, and tell an operator of this hub if it stays."
        case .misconfigured:
            "\(title) does not accept this hub as it is set up; an operator of this hub has to look at it."
        case .insufficient: "\(title) does not say about you what this hub requires; ask an operator of this hub."
        case .declined: "\(title) did not log you in, or you declined there; log in again when you want to."
        case .revoked: "\(title) does not vouch for your login any more; log in again."
        case .stale: "This login took too long or was finished before; log in again."
        case .unbelievable:
            "What \(title) said about you could not be verified, so you are not logged in; try again, and tell an operator of this hub if it stays."
        }
    }
}
