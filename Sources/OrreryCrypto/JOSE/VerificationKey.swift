import COpenSSL
package import OrreryModel

/// One public key of an issuer, checked once and then ready to verify signatures from any thread.
///
/// The key decides which algorithm it is for; a token's header only has to agree. OpenSSL counts references to an
/// `EVP_PKEY` under a lock of its own and never writes into one during verification, so sharing one is safe.
@safe package final class VerificationKey: Sendable {
    /// The name that the issuer gave to the key.
    package let id: String?
    /// The algorithms that this key may verify: one, or the three of RSA when the issuer did not say.
    package let algorithms: Set<SignatureAlgorithm>
    /// Set for a key on a curve: JOSE's signatures are two numbers of that size.
    private let curve: Curve?
    private nonisolated(unsafe) let pointer: OpaquePointer

    /// The key of a JSON Web Key (RFC 7517). Throws `.key` when it is for something else than verifying signatures, too
    /// weak, or not a key at all.
    package init(jwk: JSON) throws(CryptoError) {
        try Self.checkPurpose(jwk)
        id = jwk["kid"]?.string
        let material = try KeyMaterial(jwk: jwk)
        algorithms = try Self.algorithms(of: jwk, for: material)
        curve = material.curve
        unsafe pointer = try unsafe material.makeKey()
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    private static func checkPurpose(_ jwk: JSON) throws(CryptoError) {
        guard jwk["use"].map({ $0 == "sig" }) ?? true else { throw CryptoError(.key, "the key is not for signatures") }
        guard jwk["key_ops"].map({ $0.array?.contains("verify") == true }) ?? true else {
            throw CryptoError(.key, "the key is not for verifying")
        }
        guard jwk["kid"].map({ $0.string != nil }) ?? true else {
            throw CryptoError(.key, "the key's kid is not a text")
        }
    }

    private static func algorithms(
        of jwk: JSON, for material: KeyMaterial
    ) throws(CryptoError) -> Set<SignatureAlgorithm> {
        let possible = material.curve.map { [$0.algorithm] } ?? SignatureAlgorithm.rsa
        guard let wanted = jwk["alg"] else { return possible }
        guard let algorithm = wanted.string.flatMap(SignatureAlgorithm.init(rawValue:)), possible.contains(algorithm)
        else {
            throw CryptoError(.key, "the key is for an algorithm that does not fit it or that we do not believe")
        }
        return [algorithm]
    }

    /// Whether `signature` is this key's over `bytes`. False for an algorithm that is not the key's.
    package func verifies(_ signature: [UInt8], of bytes: [UInt8], with algorithm: SignatureAlgorithm) -> Bool {
        guard algorithms.contains(algorithm), let signature = encoded(signature) else { return false }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        let isReady = unsafe EVP_DigestVerifyInit(context, nil, algorithm.digest.algorithm, nil, pointer) == 1
        let isValid = unsafe isReady && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
        // A wrong signature leaves entries in the thread's queue of errors.
        if !isValid { ERR_clear_error() }
        return isValid
    }

    /// The signature as OpenSSL wants it: RSA's as it is, a curve's r‖s in DER (RFC 7518 3.4). Nil for a wrong length.
    private func encoded(_ signature: [UInt8]) -> [UInt8]? {
        guard let curve else { return signature }
        guard signature.count == 2 * curve.size else { return nil }
        return DER.sequence([DER.integer(signature.prefix(curve.size)), DER.integer(signature.suffix(curve.size))])
    }
}
