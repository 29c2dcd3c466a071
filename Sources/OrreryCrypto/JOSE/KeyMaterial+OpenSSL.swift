import COpenSSL

extension KeyMaterial {
    /// The OpenSSL key; whoever gets it frees it. Throws when the numbers are not a sound public key: a point off its
    /// curve, a modulus with a small factor.
    func makeKey() throws(CryptoError) -> OpaquePointer {
        guard let key = unsafe fromData() else {
            ERR_clear_error()
            throw CryptoError(.key, "the key's numbers are not a public key")
        }
        guard unsafe isSound(key) else {
            unsafe EVP_PKEY_free(key)
            ERR_clear_error()
            throw CryptoError(.key, "the key's numbers are not a sound public key")
        }
        return unsafe key
    }

    private func fromData() -> OpaquePointer? {
        switch self {
        case .rsa(let modulus, let exponent):
            return unsafe orrery_make_rsa_key(modulus, CInt(modulus.count), exponent, CInt(exponent.count))
        case .point(let curve, let x, let y):
            // 4: both coordinates follow (SEC 1 2.3.3).
            let point = [4] + x + y
            return unsafe orrery_make_curve_key(curve.rawValue, point, point.count)
        }
    }

    private func isSound(_ key: OpaquePointer) -> Bool {
        guard let context = unsafe EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        return unsafe EVP_PKEY_public_check(context) == 1
    }
}

/// An OpenSSL number from big-endian octets.
@safe final class BigNumber {
    let pointer: OpaquePointer?

    init(_ octets: [UInt8]) { unsafe pointer = BN_bin2bn(octets, CInt(octets.count), nil) }

    deinit { unsafe BN_free(pointer) }

    func remainder(by divisor: Int) -> Int { unsafe Int(BN_mod_word(pointer, UInt(divisor))) }
}
