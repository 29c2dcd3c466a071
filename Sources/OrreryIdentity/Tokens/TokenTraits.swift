import OrreryCrypto

/// What an access token says of itself before anybody has verified it: for the log, where it helps to find whose it is.
/// Nothing may be decided by it.
package struct TokenTraits: CustomStringConvertible, Sendable {
    package let description: String
    /// The issuer that it names.
    package let issuer: String?

    /// `iss`, `sub`, `jti` and `kid`, as far as they are there and can stand in a line of the log. Never a part of the token
    /// by which it could be made again.
    package init(of text: String) {
        guard let token = try? SignedToken(text, as: .access) else {
            description = "it is no signed token"
            issuer = nil
            return
        }
        issuer = token.claimedIssuer
        let traits = ["iss", "sub", "jti"].map { ($0, token.claimed($0)) } + [("kid", token.keyID)]
        description = traits.compactMap { name, value in
            value.map { "\(name) \($0.isIdentifier ? $0 : "‹odd›")" }
        }.joined(separator: ", ")
    }
}
