package import OrreryModel

/// A JSON Web Signature in compact form (RFC 7515 7.1) whose header is acceptable. What it claims stays out of reach
/// until a key has verified it.
package struct SignedToken: Sendable {
    package let algorithm: SignatureAlgorithm
    /// The key that the token names; its meaning is only that of a text to look up.
    package let keyID: String?
    let signedBytes: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Longest token, and longest of its three parts, in bytes.
    static let limit = 16 << 10
    static let partLimit = 12 << 10

    /// Throws `.token` unless the text is exactly three base64url parts, the first of them a strict JSON object that
    ///  - names one of our algorithms in `alg`,
    ///  - has no `crit` (we know no extension, so RFC 7515 4.1.11 obliges us to refuse) and no `b64`,
    ///  - brings no key and names no place to fetch one from,
    ///  - has a `typ` among `types`, compared without case, or none.
    package init(_ text: String, types: Set<String> = ["jwt"]) throws(CryptoError) {
        let text = Array(text.utf8)
        guard text.count <= Self.limit else {
            throw CryptoError(.token, "the token is longer than \(Self.limit) bytes")
        }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw CryptoError(.token, "a signed token has three parts, this one \(parts.count)")
        }
        guard parts.allSatisfy({ $0.count <= Self.partLimit }) else {
            throw CryptoError(.token, "a part of the token is longer than \(Self.partLimit) bytes")
        }
        guard let header = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw CryptoError(.token, "a part of the token is not base64url") }
        (algorithm, keyID) = try Self.read(header: header, types: types)
        signedBytes = Array(text[..<parts[1].endIndex])
        self.payload = payload
        self.signature = signature
    }

    private static func read(
        header bytes: [UInt8], types: Set<String>
    ) throws(CryptoError) -> (SignatureAlgorithm, String?) {
        let header = try JSON(strict: bytes, depth: 8)
        guard let members = header.object else { throw CryptoError(.token, "the token's header is not an object") }
        for name in ["crit", "b64", "jwk", "jku", "x5u", "x5c", "cty", "zip", "enc"] where members[name] != nil {
            throw CryptoError(.token, "the token's header has \(name), which we refuse")
        }
        guard let algorithm = members["alg"]?.string.flatMap(SignatureAlgorithm.init(rawValue:)) else {
            throw CryptoError(.token, "the token's alg is not one that we believe")
        }
        if let type = members["typ"] {
            guard let type = type.string, types.contains(type.lowercased()) else {
                throw CryptoError(.token, "the token's typ is not that of the token we expect")
            }
        }
        guard let id = members["kid"] else { return (algorithm, nil) }
        guard let id = id.string, id.utf8.count <= 256 else {
            throw CryptoError(.token, "the token's kid is not a text of at most 256 bytes")
        }
        return (algorithm, id)
    }

    /// What the token says, once `key` has verified it. Throws `.signature` when it has not, `.json` when what was signed
    /// is not a strict JSON object.
    package func claims(verifiedBy key: VerificationKey) throws(CryptoError) -> JSON {
        let claims = try JSON(strict: try payload(verifiedBy: key), depth: 8)
        guard claims.object != nil else { throw CryptoError(.token, "the token's claims are not an object") }
        return claims
    }

    /// The signed bytes themselves.
    package func payload(verifiedBy key: VerificationKey) throws(CryptoError) -> [UInt8] {
        guard key.algorithms.contains(algorithm) else {
            throw CryptoError(.signature, "the key that the token names is not for \(algorithm.rawValue)")
        }
        guard key.verifies(signature, of: signedBytes, with: algorithm) else {
            throw CryptoError(.signature, "the token's signature is wrong")
        }
        return payload
    }
}
