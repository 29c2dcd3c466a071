/// What a token was made for. One kind never passes for another (RFC 8725 3.11), so whoever reads a token says which it
/// wants.
package enum TokenKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// Says to us who has logged in.
    case identity
    /// Opens an API: ours.
    case access
    /// Says that somebody has logged out at the issuer.
    case logout

    /// The values of `typ` that it may have, in lower case. It may also have none.
    var types: Set<String> {
        switch self {
        case .identity: ["jwt"]
        case .access: ["at+jwt", "application/at+jwt", "jwt"]
        case .logout: ["logout+jwt", "jwt"]
        }
    }

    /// Whether it must name its key, as the WLCG profile has it. ID tokens of small providers do not.
    var namesItsKey: Bool { self == .access }
}
