import OrreryModel

/// What an issuer's discovery document tells us (OpenID Connect Discovery 1.0, 3), checked.
struct ProviderMetadata: Hashable, Sendable {
    let authorization: String
    let token: String
    let keys: String
    let userinfo: String?
    /// Where a browser logs out (RP-Initiated Logout 2.1), and where a refresh token is given back (RFC 7009). What is not
    /// acceptable counts as not there: nobody's login depends on them.
    let logout: String?
    let revocation: String?
    /// Whether the issuer names itself in the answer to our callback (RFC 9207 3).
    let namesItself: Bool
    /// Whether it exchanges tokens (RFC 8693), by its own word.
    let exchangesTokens: Bool

    /// Throws the broken rule as a clause for the log.
    init(_ document: JSON, of issuer: IssuerConfiguration) throws(ClaimOffence) {
        guard let name = document["issuer"]?.string, issuer.isSpelling(name) else {
            throw ClaimOffence("its discovery document is not that of \(issuer.issuer), byte for byte")
        }
        authorization = try Self.endpoint("authorization_endpoint", document, issuer)
        token = try Self.endpoint("token_endpoint", document, issuer)
        keys = try Self.endpoint("jwks_uri", document, issuer)
        userinfo = document["userinfo_endpoint"] == nil ? nil : try Self.endpoint("userinfo_endpoint", document, issuer)
        logout = try? Self.endpoint("end_session_endpoint", document, issuer)
        revocation = try? Self.endpoint("revocation_endpoint", document, issuer)
        let grants = document["grant_types_supported"]?.array?.compactMap(\.string) ?? []
        exchangesTokens = grants.contains("urn:ietf:params:oauth:grant-type:token-exchange")
        namesItself = document["authorization_response_iss_parameter_supported"]?.bool ?? false
    }

    private static func endpoint(
        _ name: String, _ document: JSON, _ issuer: IssuerConfiguration
    ) throws(ClaimOffence) -> String {
        guard let url = document[name]?.string, WebAddress.isAcceptable(url, beside: issuer.issuer) else {
            throw ClaimOffence("its discovery document has no acceptable \(name)")
        }
        return url
    }
}
