import OrreryModel

/// The header of a signed token (RFC 7515 4.1), as far as we read it.
struct TokenHeader {
    let algorithm: SignatureAlgorithm
    let keyID: String?
    /// In lower case.
    let type: String?

    /// Longest name of a key, in bytes.
    static let keyIDLimit = 256

    /// Extensions that we do not know, so that RFC 7515 4.1.11 obliges us to refuse; keys that the token brings or wants us
    /// to fetch; and signs of a token in or around this one.
    private static let refused = ["crit", "b64", "jwk", "jku", "x5u", "x5c", "cty", "zip", "enc"]

    /// Throws `.json` unless the bytes are strict JSON, and `.token` unless they are the header of an acceptable token of
    /// this kind.
    init(_ bytes: [UInt8], of kind: TokenKind) throws(CryptoError) {
        guard let members = try JSON(strict: bytes, depth: SignedToken.depth).object else {
            throw CryptoError(.token, "the token's header is not an object")
        }
        for name in Self.refused where members[name] != nil {
            throw CryptoError(.token, "the token's header has \(name), which we refuse")
        }
        guard let algorithm = members["alg"]?.string.flatMap(SignatureAlgorithm.init(rawValue:)) else {
            throw CryptoError(.token, "the token's alg is not one that we believe")
        }
        self.algorithm = algorithm
        type = try Self.type(members["typ"], of: kind)
        keyID = try Self.keyID(members["kid"], of: kind)
    }

    private static func type(_ value: JSON?, of kind: TokenKind) throws(CryptoError) -> String? {
        guard let value else { return nil }
        guard let type = value.string?.lowercased(), kind.types.contains(type) else {
            throw CryptoError(.token, "the token's typ is not that of the token we expect")
        }
        return type
    }

    private static func keyID(_ value: JSON?, of kind: TokenKind) throws(CryptoError) -> String? {
        guard let value else {
            guard !kind.namesItsKey else { throw CryptoError(.token, "the token has no kid, which its kind must have") }
            return nil
        }
        guard let id = value.string, id.utf8.count <= keyIDLimit else {
            throw CryptoError(.token, "the token's kid is not a text of at most \(keyIDLimit) bytes")
        }
        return id
    }
}
