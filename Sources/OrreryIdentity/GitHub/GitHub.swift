import Foundation
import OrreryCrypto
import OrreryFetch
import OrreryModel

/// GitHub, GitHub Enterprise Server, and what speaks like them: plain OAuth 2, where nothing is signed for us and who
/// somebody is has to be asked at the REST interface with the token that the code was exchanged for.
///
/// A person is the number of the account, never its name: a name can be changed, and taken by somebody else.
final class GitHub: Voucher {
    let configuration: IssuerConfiguration
    let source: IssuerSource
    let endpoints: GitHubEndpoints
    let now: @Sendable () -> Date

    var label: String { configuration.label }

    init(_ configuration: IssuerConfiguration, fetcher: Fetcher, now: @escaping @Sendable () -> Date) {
        var configuration = configuration
        endpoints = GitHubEndpoints(of: configuration.issuer)
        // Its name in an answer to our callback (RFC 9207), should it come to give one.
        configuration.also.append(endpoints.oauth)
        self.configuration = configuration
        source = IssuerSource(configuration: configuration, fetcher: fetcher)
        self.now = now
    }

    /// Authorization code with PKCE and state (RFC 6749 4.1, RFC 7636). There is no nonce where nothing is signed.
    func begin(_ demand: LoginDemand) async throws(IdentityError) -> LoginStart {
        let (state, verifier) = (RandomToken.make(), ProofKey.makeVerifier())
        var fields = [
            ("response_type", "code"), ("client_id", configuration.client), ("redirect_uri", configuration.redirectURI),
            ("scope", configuration.scopes.joined(separator: " ")), ("state", state),
            ("code_challenge", ProofKey.challenge(of: verifier)), ("code_challenge_method", "S256"),
            ("allow_signup", "false"),
        ]
        if demand.isAnew { fields.append(("prompt", "select_account")) }
        return LoginStart(
            url: "\(endpoints.authorization)?\(WebAddress.encode(fields))", state: state, nonce: "", verifier: verifier)
    }

    func finish(
        _ transaction: LoginTransaction, query: [String: String], rules: GroupRules
    ) async throws(IdentityError) -> Claimant {
        let code = try Callback(configuration, namesItself: false).code(in: query, of: transaction)
        let token = try await exchange(code, transaction)
        let account = try await account(token)
        let groups = configuration.saysGroups ? try await teams(token) : []
        let membership = rules.membership(
            openedBy: groups, of: label, kind: .teams, evidence: Evidence(token: [:], userinfo: nil), at: now())
        return Claimant(
            identity: Identity(issuer: configuration.issuer, subject: "\(account.id)"), issuer: label,
            suggestedName: configuration.namePrefix + account.login, displayName: account.name, membership: membership,
            claimedGroups: groups.map { "\(label):\($0)" })
    }

    /// Nothing is fetched before a login, so nothing is known to be wrong.
    func status() async -> IssuerStatus {
        IssuerStatus(label: label, title: configuration.title, refusal: nil)
    }
}
