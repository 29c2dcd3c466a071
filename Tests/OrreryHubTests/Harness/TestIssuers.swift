import Foundation
import OrreryCrypto
import OrreryIdentity
import OrreryModel
import OrreryStore
import Synchronization

@testable import OrreryHub

/// An issuer that vouches for whomever the callback's `code` names, so that a test can be anybody. What stands between a
/// real issuer and its claims is tested in OrreryIdentity.
final class TestIssuers: LoginIssuers {
    struct Somebody: Sendable {
        var suggestedName: String
        var groups: Set<Group>
        var uid: UInt32? = 20001
        var gid: UInt32? = 20001
        var raised: [Membership.Raised] = []
        var dormant: [Membership.Dormant] = []
        var authenticatedAt: Date?
        /// Whether the issuer gives tokens that can be kept, and what it calls its session.
        var hasTokens = false
        var session: String?
    }

    let clock: TurnedClock
    let tokens = Mutex(Tokens())
    private let people = Mutex<[String: Somebody]>([:])

    init(_ clock: TurnedClock) { self.clock = clock }

    func knows(_ subject: String, as somebody: Somebody) { people.withLock { $0[subject] = somebody } }

    static func url(of label: String) -> String {
        label == "test" ? "https://issuer.test" : "https://\(label).test"
    }

    /// The access token of somebody: `access:` and the subject. While `isAway` no key is at hand.
    let isAway = Mutex(false)

    func grant(of token: String) async throws -> AccessGrant {
        let parts = token.split(separator: ":", maxSplits: 1)
        guard !isAway.withLock({ $0 }) else {
            throw IdentityError(.unreachable, issuer: "test", sentence: "Test Institute is away.", detail: "no answer")
        }
        guard parts.count == 2, parts[0] == "access" else {
            throw IdentityError(.unbelievable, issuer: "", sentence: "No.", detail: "the token's signature is wrong")
        }
        return AccessGrant(
            identity: Identity(issuer: Self.url(of: "test"), subject: String(parts[1])), issuer: "test", scopes: [])
    }

    func choices() async -> [IssuerStatus] {
        [
            IssuerStatus(label: "test", title: "Test Institute", refusal: nil),
            IssuerStatus(label: "other", title: "Other Institute", refusal: nil),
            IssuerStatus(label: "down", title: "Down Institute", refusal: "Down Institute does not answer"),
        ]
    }

    func begin(_ label: String, _ demand: LoginDemand) async throws -> LoginStart {
        let state = RandomToken.make()
        return LoginStart(
            url: "https://issuer.test/authorize?\(demand.isAnew ? "prompt=login&" : "")state=\(state)", state: state,
            nonce: RandomToken.make(),
            verifier: RandomToken.make())
    }

    func finish(
        _ label: String, _ transaction: TransactionRecord, state: String, query: [String: String]
    ) async throws -> Claimant {
        var claimant = try claimant(query["code"] ?? "", label)
        if people.withLock({ $0[claimant.identity.subject]?.hasTokens == true }) {
            claimant.tokens = issued(at: clock.now)
        }
        return claimant
    }

    /// What it says now about somebody.
    func claimant(_ subject: String, _ label: String) throws -> Claimant {
        guard let somebody = people.withLock({ $0[subject] }) else {
            throw HubError(.unavailable, "Test Institute refuses this login")
        }
        return Claimant(
            identity: Identity(issuer: Self.url(of: label), subject: subject), issuer: label,
            suggestedName: somebody.suggestedName, uid: somebody.uid, gid: somebody.gid,
            membership: Membership(groups: somebody.groups, raised: somebody.raised, dormant: somebody.dormant),
            authenticatedAt: somebody.authenticatedAt, session: somebody.session)
    }
}
