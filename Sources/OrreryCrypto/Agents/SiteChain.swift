import COpenSSL

/// Certificates by which a site shows who it is when its cluster joins: the site's own, then those that lead to an
/// authority. They say nothing of the agent's key; the proof does, which is signed with the first one's key.
package struct SiteChain: Sendable {
    private let certificates: [CertificateHandle]

    /// Throws when there is no certificate in the text, or more than a chain has.
    package init(pem: [UInt8]) throws(CryptoError) {
        certificates = try CertificateHandle.all(in: pem)
        guard (1...Self.limit).contains(certificates.count) else {
            throw CryptoError(.key, "a chain of one to \(Self.limit) certificates in PEM is needed")
        }
    }

    /// The name of the site's certificate, as RFC 2253 writes it: `CN=…,O=…`.
    package var subject: String { certificates[0].subject }

    /// Whether the chain leads to one of `authorities` (in PEM) at a time in seconds since 1970.
    package func leads(to authorities: [UInt8], at time: Int64) throws(CryptoError) -> Bool {
        try certificates[0].isTrusted(by: try CertificateHandle.all(in: authorities), through: certificates, at: time)
    }

    /// Whether `proof` shows that the owner of the first certificate wants the agent with this key to join at this host.
    package func verifies(_ proof: [UInt8], host: String, key: String, time: Int64) -> Bool {
        certificates[0].key?.verifies(proof, of: Array(Self.text(host, key, time).utf8)) ?? false
    }

    /// The proof itself, made with the private key (in PEM, not encrypted) of the first certificate.
    package static func proof(
        privateKey pem: [UInt8], host: String, key: String, time: Int64
    ) throws(CryptoError) -> [UInt8] {
        guard let handle = KeyHandle(privatePEM: pem), let proof = handle.sign(Array(text(host, key, time).utf8))
        else {
            throw CryptoError(.key, "the key of the site's certificate is not a private key in PEM without passphrase")
        }
        return proof
    }

    private static func text(_ host: String, _ key: String, _ time: Int64) -> String {
        "orrery-join 1\n\(host)\n\(key)\n\(time)"
    }

    private static let limit = 10
}
