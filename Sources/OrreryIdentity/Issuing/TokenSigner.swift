import CJWT
import Foundation
import OrreryCrypto
import OrreryModel

/// Signs tokens of the hub's own with libjwt, RS256. What it made is verified elsewhere, by others' programs.
enum TokenSigner {
    /// `claims` as a compact token with `kid` and `typ: JWT` in its header. Costs about a millisecond.
    static func sign(_ claims: JSON, with key: SigningKey) throws(CryptoError) -> Secret {
        var token: OpaquePointer?
        guard unsafe jwt_new(&token) == 0 else { throw CryptoError(.signature, "libjwt has no memory") }
        defer { unsafe jwt_free(token) }
        let pem = key.revealPEM()
        // Safe: libjwt copies what it is given; the text that it gives back is ours to free, after it was copied.
        guard unsafe jwt_set_alg(token, JWT_ALG_RS256, pem, CInt(pem.count)) == 0,
            unsafe jwt_add_header(token, "kid", key.id) == 0,
            unsafe jwt_add_grants_json(token, try text(of: claims)) == 0,
            let text = unsafe jwt_encode_str(token)
        else { throw CryptoError(.signature, "libjwt does not sign these claims with \(key)") }
        defer { unsafe free(text) }
        return Secret(unsafe String(cString: text))
    }

    private static func text(of claims: JSON) throws(CryptoError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return String(decoding: try encoder.encode(claims), as: UTF8.self) } catch {
            throw CryptoError(.json, "claims cannot be written as JSON")
        }
    }
}
