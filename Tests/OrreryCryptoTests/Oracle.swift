import CJWT
import COpenSSL
import Foundation
import OrreryModel

@testable import OrreryCrypto

/// libjwt's opinion of a signature, the algorithm being given: it reads no header and chooses nothing. The keys come to it
/// as PEM, without any of our rules for keys.
struct Oracle {
    let algorithms: Set<SignatureAlgorithm>
    private let pem: [UInt8]

    /// Nil for a key that libjwt has no algorithm for, and for numbers that OpenSSL takes for no key at all.
    init?(jwk: JSON) {
        guard let (pem, algorithms) = Self.key(jwk) else { return nil }
        let named = jwk["alg"]?.string.flatMap(SignatureAlgorithm.init(rawValue:)).map { [$0] as Set }
        self.init(pem: pem, algorithms: jwk["alg"] == nil ? algorithms : named?.intersection(algorithms) ?? [])
    }

    init(pem: [UInt8], algorithms: Set<SignatureAlgorithm>) {
        self.pem = pem
        self.algorithms = algorithms
    }

    /// Whether the last part of a compact token is the signature of what stands before it, by one of the key's algorithms.
    func believes(_ token: String) -> Bool {
        guard let dot = token.lastIndex(of: ".") else { return false }
        return algorithms.contains {
            verifies(String(token[token.index(after: dot)...]), of: Array(token[..<dot].utf8), with: $0)
        }
    }

    /// The signed bytes have no NUL: libjwt would take it for their end.
    func verifies(_ signature: String, of signed: [UInt8], with algorithm: SignatureAlgorithm) -> Bool {
        var token: OpaquePointer?
        guard unsafe jwt_new(&token) == 0 else { preconditionFailure("libjwt has no memory") }
        defer { unsafe jwt_free(token) }
        guard unsafe jwt_set_alg(token, jwt_str_alg(algorithm.rawValue), pem, CInt(pem.count)) == 0 else {
            return false
        }
        // It leaves what it finds wrong in the thread's queue of errors, which the next test may look at.
        defer { ERR_clear_error() }
        let text = signed.map(CChar.init(bitPattern:)) + [0]
        return unsafe jwt_verify_sha_pem(token, text, signature) == 0
    }

    private static func key(_ jwk: JSON) -> ([UInt8], Set<SignatureAlgorithm>)? {
        func octets(_ name: String) -> [UInt8] {
            let text = (jwk[name]?.string ?? "").replacing("-", with: "+").replacing("_", with: "/")
            return Array(Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)) ?? Data())
        }
        defer { ERR_clear_error() }
        let key: OpaquePointer?
        let algorithms: Set<SignatureAlgorithm>
        switch jwk["kty"]?.string {
        case "RSA":
            let (n, e) = (octets("n"), octets("e"))
            unsafe key = orrery_make_rsa_key(n, CInt(n.count), e, CInt(e.count))
            algorithms = [.rs256, .rs384, .rs512]
        case "EC":
            let point = [4] + octets("x") + octets("y")
            unsafe key = orrery_make_curve_key(jwk["crv"]?.string ?? "", point, point.count)
            // By its name alone: what libjwt says about ES256 on another curve is a question of its own.
            algorithms = ["P-256": [.es256], "P-384": [.es384], "P-521": [.es512]][jwk["crv"]?.string ?? ""] ?? []
        default: return nil
        }
        defer { unsafe EVP_PKEY_free(key) }
        return unsafe key == nil ? nil : (unsafe pem(of: key), algorithms)
    }

    private static func pem(of key: OpaquePointer?) -> [UInt8] {
        let memory = unsafe BIO_new(BIO_s_mem())
        defer { unsafe BIO_free(memory) }
        var text = [UInt8](repeating: 0, count: 8192)
        guard unsafe PEM_write_bio_PUBKEY(memory, key) == 1 else { return [] }
        let count = unsafe BIO_read(memory, &text, CInt(text.count))
        return Array(text.prefix(max(0, Int(count))))
    }
}
