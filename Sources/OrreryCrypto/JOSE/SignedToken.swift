package import OrreryModel

/// A JSON Web Signature in compact form (RFC 7515 7.1) whose header is acceptable. What it claims stays out of reach
/// until a key has verified it.
package struct SignedToken: Sendable {
    package let kind: TokenKind
    package let algorithm: SignatureAlgorithm
    /// The key that the token names; its meaning is only that of a text to look up.
    package let keyID: String?
    /// The header's `typ` in lower case.
    package let type: String?
    let signedBytes: [UInt8]
    let payload: [UInt8]
    let signature: [UInt8]

    /// Longest token, and longest of its three parts, in bytes.
    static let limit = 16 << 10
    static let partLimit = 12 << 10
    /// Most arrays and objects inside each other in a header or in claims.
    static let depth = 8

    /// Throws `.token` unless the text is exactly three base64url parts, the first of them a strict JSON object that
    ///  - names one of our algorithms in `alg`,
    ///  - has no `crit` (we know no extension) and no `b64`,
    ///  - brings no key and names no place to fetch one from,
    ///  - has a `typ` of this kind of token, compared without case, or none,
    ///  - names its key, where the kind must.
    package init(_ text: String, as kind: TokenKind) throws(CryptoError) {
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
        let read = try TokenHeader(header, of: kind)
        (self.kind, algorithm, keyID, type) = (kind, read.algorithm, read.keyID, read.type)
        signedBytes = Array(text[..<parts[1].endIndex])
        self.payload = payload
        self.signature = signature
    }

    /// The issuer that the token names without proof: for choosing whose keys to try, and for nothing else. Nil when the
    /// claims are not a strict JSON object that names one.
    package var claimedIssuer: String? { claimed("iss") }

    /// The text that the token claims as `name`, without proof: for the log alone.
    package func claimed(_ name: String) -> String? { (try? JSON(strict: payload, depth: Self.depth))?[name]?.string }

    /// What the token says, once `key` has verified it. Throws `.signature` when it has not, `.json` when what was signed
    /// is not a strict JSON object.
    package func claims(verifiedBy key: VerificationKey) throws(CryptoError) -> JSON {
        let claims = try JSON(strict: try payload(verifiedBy: key), depth: Self.depth)
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
