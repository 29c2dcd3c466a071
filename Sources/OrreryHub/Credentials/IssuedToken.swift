import Foundation
import OrreryModel

/// An access token of an issuer, for whoever acts in a person's name.
struct IssuedToken: Hashable, Sendable {
    let token: Secret
    let scopes: [String]
    /// When it came, and when it ends.
    let start: Date
    let end: Date
}
