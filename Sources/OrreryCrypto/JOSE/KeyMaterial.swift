import COpenSSL
import OrreryModel

/// The numbers of a JSON Web Key, of the right size, on their way to OpenSSL.
enum KeyMaterial {
    case rsa(modulus: [UInt8], exponent: [UInt8])
    case point(Curve, x: [UInt8], y: [UInt8])

    init(jwk: JSON) throws(CryptoError) {
        switch jwk["kty"] {
        case "RSA":
            let (modulus, exponent) = (try Self.number("n", of: jwk), try Self.number("e", of: jwk))
            try Self.check(modulus: modulus, exponent: exponent)
            self = .rsa(modulus: modulus, exponent: exponent)
        case "EC":
            guard let curve = jwk["crv"]?.string.flatMap(Curve.init(rawValue:)) else {
                throw CryptoError(.key, "the key's curve is not one we know")
            }
            self = .point(
                curve, x: try Self.coordinate("x", of: jwk, curve), y: try Self.coordinate("y", of: jwk, curve))
        default: throw CryptoError(.key, "the key is of a type that we do not know")
        }
    }

    var curve: Curve? {
        guard case .point(let curve, _, _) = self else { return nil }
        return curve
    }

    /// The octets of a number without leading zeros.
    private static func number(_ name: String, of jwk: JSON) throws(CryptoError) -> [UInt8] {
        guard let octets = jwk[name]?.string.flatMap({ Base64URL.decode($0.utf8) }) else {
            throw CryptoError(.key, "the key's \(name) is not base64url")
        }
        return Array(octets.drop { $0 == 0 })
    }

    /// RFC 7518 6.2.1.2 wants exactly the curve's size; keys made with GnuTLS have one zero more in front.
    private static func coordinate(_ name: String, of jwk: JSON, _ curve: Curve) throws(CryptoError) -> [UInt8] {
        guard let octets = jwk[name]?.string.flatMap({ Base64URL.decode($0.utf8) }) else {
            throw CryptoError(.key, "the key's \(name) is not base64url")
        }
        if octets.count == curve.size + 1, octets[0] == 0 { return Array(octets.dropFirst()) }
        guard octets.count == curve.size else { throw CryptoError(.key, "the key's \(name) has not the curve's size") }
        return octets
    }

    private static func check(modulus: [UInt8], exponent: [UInt8]) throws(CryptoError) {
        let bits = modulus.first.map { modulus.count * 8 - $0.leadingZeroBitCount } ?? 0
        guard (2048...8192).contains(bits) else {
            throw CryptoError(.key, "an RSA key has 2048 to 8192 bits, this one \(bits)")
        }
        guard let last = exponent.last, last & 1 == 1, exponent.count <= 4, exponent != [1] else {
            throw CryptoError(.key, "the RSA key's exponent is even, 1, or longer than 32 bits")
        }
        guard !hasWeakFactors(modulus) else {
            throw CryptoError(.key, "the RSA key was made by a chip whose keys can be factored (CVE-2017-15361)")
        }
    }
}
