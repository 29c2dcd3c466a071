import Foundation

@testable import OrreryCrypto

/// Makes keys and signatures with the `openssl` program, so that no code under test has a part in the tokens it is shown.
struct OpenSSLSigner: Sendable {
    /// The public key as a JSON Web Key without `kid`, `use` and `alg`.
    let members: [String: String]
    private let key: [UInt8]

    static let rsa = OpenSSLSigner(bits: 2048)

    init(bits: Int) {
        key = openssl(["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"])
        let modulus = String(decoding: openssl(["rsa", "-noout", "-modulus"], input: key), as: UTF8.self)
        let digits = Array(modulus.drop { $0 != "=" }.dropFirst().filter(\.isHexDigit))
        let octets = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0..<($0 + 2)]), radix: 16)
        }
        members = ["kty": "RSA", "n": Base64URL.encode(octets), "e": "AQAB"]
    }

    var publicPEM: [UInt8] { openssl(["pkey", "-pubout"], input: key) }

    /// `header.payload.signature` with the texts exactly as given.
    func token(_ header: String, _ payload: String, digest: String = "sha256") -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        let file = FileManager.default.temporaryDirectory.appending(path: "orrery-signed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        guard (try? Data(signed.utf8).write(to: file)) != nil else { preconditionFailure("no file to sign") }
        return signed + "."
            + Base64URL.encode(openssl(["dgst", "-\(digest)", "-sign", "/dev/stdin", file.path], input: key))
    }
}

extension [String: String] {
    var jsonText: String { "{" + map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",") + "}" }
}
