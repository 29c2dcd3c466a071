import Foundation
import OrreryCrypto
import OrreryIdentity
import OrreryLink
import OrreryModel
import OrreryStore

/// Turns what an agent shows into evidence: looks its token up, checks who has signed for it, asks the issuers about its
/// access token. What is not good is evidence of nothing.
struct EvidenceVerifier: Sendable {
    let store: any ClusterStore
    let issuers: any LoginIssuers
    let persons: any PersonStore
    let now: @Sendable () -> Date

    /// By how much the agent's clock may be off where it signs for a moment.
    static let skew: Int64 = 900

    /// Issuers are asked only where a rule is about what they say.
    func evidence(
        of hello: AgentHello, key: String, from address: String, asksIssuers: Bool
    ) async throws -> JoinEvidence {
        var evidence = JoinEvidence(address: address)
        if let token = hello.join.token { evidence.invite = try await invite(token.reveal()) }
        evidence.certificate = certificate(hello, key: key)
        if asksIssuers, let token = hello.join.oidc { evidence.identity = try await identity(token.reveal()) }
        return evidence
    }

    private func invite(_ text: String) async throws -> JoinEvidence.Invite {
        guard let token = JoinToken(text) else { return .init(id: "", flaw: "its join token is not one") }
        guard let record = try await store.invite(id: token.id),
            record.secretHash.equalsInConstantTime(ClusterDesk.hash(token))
        else { return .init(id: token.id, flaw: "its join token \(token.id) is not known here") }
        let flaw =
            record.expiresAt <= now()
            ? "its join token \(token.id) has expired"
            : record.uses < 1 ? "its join token \(token.id) has been used" : nil
        return .init(id: record.id, flaw: flaw, owner: record.owner, name: record.name)
    }

    /// The proof names the host that the agent dialled, so that it is worth nothing at another hub.
    private func certificate(_ hello: AgentHello, key: String) -> JoinEvidence.Certificate? {
        guard let pem = hello.join.chain, let chain = try? SiteChain(pem: Array(pem.utf8)) else { return nil }
        let proof = hello.join.proof.flatMap { Data(base64Encoded: $0) }
        // Any number may stand there, so nothing is reckoned with it.
        let moment = Int64(now().timeIntervalSince1970)
        let isFresh = (moment - Self.skew...moment + Self.skew).contains(hello.time)
        let isProved = proof.map {
            chain.verifies(Array($0), host: hello.host, key: key, time: hello.time)
        }
        return .init(chain: pem, subject: chain.subject, isProved: isFresh && isProved == true)
    }

    private func identity(_ token: String) async throws -> JoinEvidence.Identity? {
        let grant: AccessGrant
        do { grant = try await issuers.grant(of: token) } catch is IdentityError { return nil }
        let person = try await persons.person(identity: grant.identity)
        let groups = person.map { $0.isSuspended ? [] : $0.person.groups.map(\.name) } ?? []
        return .init(
            issuer: grant.issuer, subject: grant.identity.subject, scopes: grant.scopes, groups: Set(groups))
    }
}
