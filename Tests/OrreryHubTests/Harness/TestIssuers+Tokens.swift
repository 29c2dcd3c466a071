import Foundation
import OrreryIdentity
import OrreryModel
import Synchronization

@testable import OrreryHub

/// What the test issuer does with the tokens it gave.
extension TestIssuers {
    struct Tokens: Sendable {
        /// How many refreshes it has seen.
        var refreshes: [Secret] = []
        var revoked: [Secret] = []
        /// The refresh token that works now; each works once, as glewlwyd and others have it.
        var refresh: Secret?
        /// Instead of a refresh, or of the groups.
        var error: IdentityError?
        var rereadError: IdentityError?
        /// Why what a refresh brings cannot be verified.
        var doubt: IdentityError?
        /// The scopes of refreshed tokens, whatever is asked for; nil gives what is asked for.
        var granted: [String]?
        /// How long an access token lives.
        var life: TimeInterval = 3600
        /// What happens while the issuer thinks about a refresh.
        var meanwhile: (@Sendable () async throws -> Void)?
        /// Whether it says groups without a login, and how often it was asked.
        var saysGroups = true
        var readings = 0
        var departure: String?
        var orders: [String: LogoutOrder] = [:]
        /// Orders whose token may come once more, by their ids.
        var allowedAgain: [String] = []
    }

    func issued(at now: Date) -> IssuerTokens {
        tokens.withLock { tokens in
            let refresh = Secret("refresh-\(tokens.refreshes.count)")
            tokens.refresh = refresh
            return IssuerTokens(
                access: Secret("access-\(tokens.refreshes.count)"), accessEnd: now + tokens.life,
                scopes: ["openid", "storage"], refresh: refresh, identity: Secret("identity"))
        }
    }

    func refresh(
        _ label: String, _ token: Secret, scopes: [String]?, of login: IssuerLogin
    ) async throws -> Renewal {
        let (meanwhile, error) = tokens.withLock { tokens in
            tokens.refreshes.append(token)
            return (tokens.meanwhile, tokens.error)
        }
        try await meanwhile?()
        if let error { throw error }
        guard tokens.withLock({ $0.refresh }) == token else { throw Self.revoked(label) }
        let fresh = issued(at: clock.now)
        return Renewal(
            tokens: IssuerTokens(
                access: fresh.access, accessEnd: fresh.accessEnd,
                scopes: tokens.withLock { $0.granted } ?? scopes ?? login.scopes,
                refresh: fresh.refresh), doubt: tokens.withLock { $0.doubt })
    }

    func reread(
        _ label: String, _ login: IssuerLogin, access: Secret, after renewal: Renewal?
    ) async throws -> Claimant? {
        let (error, saysGroups) = tokens.withLock { tokens in
            tokens.readings += 1
            return (tokens.rereadError, tokens.saysGroups)
        }
        if let error { throw error }
        return saysGroups ? try claimant(login.subject, label) : nil
    }

    func revoke(_ label: String, _ token: Secret) async throws { tokens.withLock { $0.revoked.append(token) } }

    func departure(_ label: String, hint: Secret?, returningTo target: String) async -> String? {
        tokens.withLock { $0.departure }.map { "\($0)?hint=\(hint?.reveal() ?? "")&back=\(target)" }
    }

    func order(in token: String, from label: String) async throws -> LogoutOrder {
        guard let order = tokens.withLock({ $0.orders["\(label) \(token)"] }) else {
            throw IdentityError(.unbelievable, issuer: label, sentence: "No.", detail: "not a token of the test")
        }
        return order
    }

    func allowAgain(_ order: LogoutOrder, from label: String) async {
        tokens.withLock { $0.allowedAgain.append(order.id) }
    }

    static func revoked(_ label: String) -> IdentityError {
        IdentityError(.revoked, issuer: label, sentence: "Log in again.", detail: "the grant is over")
    }

    static func away(_ label: String) -> IdentityError {
        IdentityError(.unreachable, issuer: label, sentence: "Not now.", detail: "nobody answers")
    }
}
