import Foundation
import OrreryModel

/// What a cluster shows that asks to join, as far as it has been verified: rules look at nothing else.
struct JoinEvidence: Codable, Hashable, Sendable {
    /// Where its agent came from, as the proxy saw it.
    var address: String
    var invite: Invite?
    var certificate: Certificate?
    var identity: Identity?
    /// Who let it in, where somebody had to.
    var word: Word?

    init(address: String) { self.address = address }

    /// A join token.
    struct Invite: Codable, Hashable, Sendable {
        let id: String
        /// Nil when it was good at that moment; otherwise what was wrong with it.
        var flaw: String?
        var owner: String?
        var name: String?
    }

    /// A chain of certificates, with the proof that whoever owns it wants this agent.
    struct Certificate: Codable, Hashable, Sendable {
        let chain: String
        let subject: String
        /// Whether the first one's key has signed for this agent, now and for this hub.
        let isProved: Bool
    }

    /// Somebody whom an issuer vouches for.
    struct Identity: Codable, Hashable, Sendable {
        /// The issuer's label.
        let issuer: String
        let subject: String
        let scopes: Set<String>
        /// The hub groups of the person that it belongs to, as last read.
        let groups: Set<String>
    }

    /// The word of a person.
    struct Word: Codable, Hashable, Sendable {
        enum Kind: String, Codable, Sendable { case claim, approve }
        let kind: Kind
        let by: String
    }

    /// As it is stored.
    var json: JSON {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(self), let json = try? JSONDecoder().decode(JSON.self, from: data) else {
            preconditionFailure("evidence is always JSON")
        }
        return json
    }

    /// What `json` gave; nil when it is none.
    init?(_ json: JSON) {
        guard let data = try? JSONEncoder().encode(json),
            let evidence = try? JSONDecoder().decode(JoinEvidence.self, from: data)
        else { return nil }
        self = evidence
    }
}
