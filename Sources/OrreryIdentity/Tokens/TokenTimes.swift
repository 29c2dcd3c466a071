import Foundation
import OrreryModel

/// The times of a token as they are now (RFC 7519 4.1.4 to 4.1.6).
struct TokenTimes {
    let claims: JSON
    let now: TimeInterval

    /// How far the issuer's clock may be ahead of ours. Nothing is granted on `exp`.
    static let skew: TimeInterval = 60

    init(_ claims: JSON, at now: Date) {
        self.claims = claims
        self.now = now.timeIntervalSince1970
    }

    /// `exp` is there and in the future.
    func checkEnd() throws(ClaimOffence) {
        guard let end = claims["exp"]?.number, now < end else { throw ClaimOffence("exp is missing or past") }
    }

    /// `iat` is there, not in the future and not longer ago than `age`.
    func checkStart(age: TimeInterval) throws(ClaimOffence) {
        guard let start = claims["iat"]?.number, start <= now + Self.skew, start >= now - age else {
            throw ClaimOffence("iat is missing, in the future, or too long ago")
        }
    }

    /// `nbf` is not there or not in the future.
    func checkBeginning() throws(ClaimOffence) {
        guard let value = claims["nbf"] else { return }
        guard let earliest = value.number, earliest <= now + Self.skew else {
            throw ClaimOffence("nbf is not a time or in the future")
        }
    }

    /// `exp` is not longer than `life` after `iat`, so that nobody's token works for ever.
    func checkLife(_ life: TimeInterval) throws(ClaimOffence) {
        guard let start = claims["iat"]?.number, let end = claims["exp"]?.number, end - start <= life else {
            throw ClaimOffence("exp is more than \(Int(life)) seconds after iat")
        }
    }
}
