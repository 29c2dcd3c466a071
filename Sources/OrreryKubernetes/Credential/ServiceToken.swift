import FoundationEssentials
import OrreryModel

/// What a service account's token says about itself. It is not verified: its own cluster does that, and we only want to
/// know whose it is and how long it lives.
struct ServiceToken: Hashable, Sendable {
    let namespace: String
    let account: String
    let issuedAt: Date
    let expiresAt: Date

    /// Nil for a token that is none of a service account, or never ends.
    init?(_ token: Secret) {
        let parts = token.reveal().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = Self.decode(parts[1]),
            let claims = try? JSONDecoder().decode(Claims.self, from: payload)
        else { return nil }
        let subject = claims.sub.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard subject.count == 4, subject[0] == "system", subject[1] == "serviceaccount", claims.exp > claims.iat else {
            return nil
        }
        (namespace, account) = (subject[2], subject[3])
        issuedAt = Date(timeIntervalSince1970: claims.iat)
        expiresAt = Date(timeIntervalSince1970: claims.exp)
    }

    private struct Claims: Decodable {
        let sub: String
        let iat: Double
        let exp: Double
    }

    private static func decode(_ part: Substring) -> Data? {
        let standard = part.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }
}
