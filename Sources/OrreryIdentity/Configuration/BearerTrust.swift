/// Which access tokens of an issuer open our API.
package struct BearerTrust: Hashable, Sendable {
    /// What a token must have been made for.
    package var audience: String
    /// Whether one that says it is for everybody is for us too. Then anybody who is shown one can use it here.
    package var allowsEverybodys: Bool

    package init(audience: String, allowsEverybodys: Bool = false) {
        self.audience = audience
        self.allowsEverybodys = allowsEverybodys
    }
}
