import CLinux
import COpenSSL

@testable import OrreryWire

/// What a kernel does with the keys that it is lent: the records of RFC 8446 5.2, made with OpenSSL's ciphers and nothing of
/// its TLS.
struct RecordSeal {
    private let cipher: UInt16
    private let key: [UInt8]
    private let nonce: [UInt8]
    private var number: UInt64

    init(_ keys: borrowing RecordKeys) {
        // The keys' own, for as long as they are lent.
        let raw = unsafe keys.raw.pointee
        cipher = raw.cipher
        key = unsafe withUnsafeBytes(of: raw.key) { unsafe Array($0) }
        nonce = unsafe withUnsafeBytes(of: raw.nonce) { unsafe Array($0) }
        number = raw.number
    }

    /// As many records of data as it takes.
    mutating func records(_ bytes: [UInt8]) -> [UInt8] {
        var sealed: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 16 << 10) {
            sealed += record(Array(bytes[start..<min(start + 16 << 10, bytes.count)]), type: 23)
        }
        return sealed
    }

    mutating func record(_ bytes: [UInt8], type: UInt8) -> [UInt8] {
        let plain = bytes + [type]
        let count = plain.count + 16
        let head: [UInt8] = [23, 3, 3, UInt8(count >> 8), UInt8(count & 255)]
        // RFC 8446 5.3: the number, as long as the nonce, over it.
        var nonce = nonce
        for place in 0..<8 { nonce[11 - place] ^= UInt8(truncatingIfNeeded: number >> (8 * UInt64(place))) }
        number += 1
        return head + seal(plain, nonce, head)
    }

    private func seal(_ plain: [UInt8], _ nonce: [UInt8], _ head: [UInt8]) -> [UInt8] {
        let cipher: OpaquePointer? =
            switch self.cipher {
            case 0x1301: unsafe EVP_aes_128_gcm()
            case 0x1302: unsafe EVP_aes_256_gcm()
            default: unsafe EVP_chacha20_poly1305()
            }
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var count: CInt = 0
        unsafe EVP_EncryptInit_ex(context, cipher, nil, key, nonce)
        unsafe EVP_EncryptUpdate(context, nil, &count, head, CInt(head.count))
        unsafe EVP_EncryptUpdate(context, &sealed, &count, plain, CInt(plain.count))
        unsafe EVP_EncryptFinal_ex(context, nil, &count)
        unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag)
        return sealed + tag
    }
}
