import OrreryCrypto
import OrreryModel

/// Claims whose signature held, and the algorithm it was made with (`at_hash` is cut from the same family's hash).
struct VerifiedClaims {
    let claims: JSON
    let algorithm: SignatureAlgorithm
    /// The header's `typ` in lower case.
    let type: String?
}
