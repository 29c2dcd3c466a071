import Foundation
import OrreryModel

/// The rules for the claims of an access token that goes into a session: it must not be good for more than
/// was configured, whatever the issuer's answer said beside it.
struct NotebookTokenCheck {
    let issuer: IssuerConfiguration
    let grant: NotebookGrant
    let now: Date

    /// When the token ends. Throws the first rule that is broken.
    func end(of claims: JSON) throws(ClaimOffence) -> Date {
        for name in ["nonce", "at_hash", "c_hash", "events"] where claims[name] != nil {
            throw ClaimOffence("it is no access token: it has \(name)")
        }
        if let scopes = try scopes(claims["scope"]) {
            let excess = grant.excess(in: scopes)
            guard excess.isEmpty else { throw ClaimOffence("it is good for more than was asked for: \(excess)") }
        }
        try checkAudience(claims)
        try TokenTimes(claims, at: now).checkEnd()
        return Date(timeIntervalSince1970: claims["exp"]?.number ?? 0)
    }

    /// One text, or a list of texts, as some issuers have it.
    private func scopes(_ claim: JSON?) throws(ClaimOffence) -> [String]? {
        guard let claim else { return nil }
        if let text = claim.string { return text.split(separator: " ").map(String.init) }
        guard let list = claim.array else { throw ClaimOffence("scope is neither a text nor a list") }
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw ClaimOffence("scope has something that is no text") }
        return texts
    }

    /// Whoever else is named could be shown the token, and so could whoever it was not made for.
    private func checkAudience(_ claims: JSON) throws(ClaimOffence) {
        let wanted = grant.audiences + grant.resources
        guard !wanted.isEmpty else { return }
        let names = claims.audiences ?? []
        guard !names.isEmpty, names.allSatisfy({ name in wanted.contains { $0.utf8.elementsEqual(name.utf8) } }) else {
            throw ClaimOffence("aud is not what was asked for")
        }
    }
}
