import Foundation
import OrreryIdentity
import OrreryModel

/// What is kept of a login at an issuer, as it is sealed.
struct KeptTokens: Hashable, Codable, Sendable {
    var access: String
    /// When the access token came, and when it ends.
    var start: Date
    var end: Date
    /// Nil when the issuer gave none.
    var refresh: String?
    /// What the login asked for and got.
    let scopes: [String]
    let nonce: String
    /// The issuer's name of its session.
    let session: String?

    /// How long a token lasts whose issuer does not say it.
    static let unknownLife: TimeInterval = 300

    /// What a login brought at `now`.
    init(_ tokens: IssuerTokens, nonce: String, session: String?, at now: Date) {
        access = tokens.access.reveal()
        (start, end) = (now, tokens.accessEnd ?? now + Self.unknownLife)
        refresh = tokens.refresh?.reveal()
        scopes = tokens.scopes
        self.nonce = nonce
        self.session = session
    }

    /// These after a refresh. A token of fewer scopes than the login's is not kept.
    func renewed(_ tokens: IssuerTokens, isWhole: Bool, at now: Date) -> KeptTokens {
        var kept = self
        kept.refresh = tokens.refresh?.reveal() ?? refresh
        guard isWhole else { return kept }
        kept.access = tokens.access.reveal()
        (kept.start, kept.end) = (now, tokens.accessEnd ?? now + Self.unknownLife)
        return kept
    }

    /// Whether the issuer lets the hub go on when the person has logged out there (OpenID Connect Core 11).
    var outlastsSession: Bool { scopes.contains("offline_access") }
}

extension Date {
    /// Whether a token from `start` to here is good for `time` more. Where tokens do not live that long, for half of its life:
    /// else every call would cause a refresh.
    func lasts(_ time: Duration, from start: Date, at now: Date) -> Bool {
        timeIntervalSince(now) >= min(time.seconds, timeIntervalSince(start) / 2) && now < self
    }
}
