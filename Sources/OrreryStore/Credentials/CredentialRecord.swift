package import FoundationEssentials

/// What an issuer gave at a person's last login there. The tokens are sealed: the store never sees them.
package struct CredentialRecord: Hashable, Sendable {
    package let person: Int64
    /// The label of the issuer in the configuration.
    package let issuer: String
    package let subject: String
    /// The tokens, sealed; nil when the issuer gave none, or when they are good for nothing any more.
    package let sealed: [UInt8]?
    /// When the login was. It names the login too: what belongs to an earlier one never takes the place of this.
    package let loginAt: Date
    /// When the issuer last said which groups the person is in.
    package let checkedAt: Date
    /// When the issuer ended it; nil while it has not.
    package let endedAt: Date?

    package init(
        person: Int64, issuer: String, subject: String, sealed: [UInt8]?, loginAt: Date, checkedAt: Date,
        endedAt: Date? = nil
    ) {
        self.person = person
        self.issuer = issuer
        self.subject = subject
        self.sealed = sealed
        self.loginAt = loginAt
        self.checkedAt = checkedAt
        self.endedAt = endedAt
    }
}
