import OrreryCrypto
import OrreryModel

/// One rule of admission: what it looks at, what it decides, and with which facets a cluster begins that it lets in.
package struct AdmissionRule: Hashable, Sendable {
    package let test: Test
    package let decision: Decision
    package let terms: Terms

    init(_ test: Test, _ decision: Decision? = nil, terms: Terms = Terms()) {
        self.test = test
        self.decision = decision ?? test.usualDecision
        self.terms = terms
    }

    package enum Test: Hashable, Sendable {
        /// Anything.
        case open
        case address([InternetNetwork])
        /// A chain to one of these authorities (PEM); `subject` with `*` for anything is what its name looks like.
        case certificate(authorities: String, subject: String?)
        /// A join token that is good.
        case token
        /// Anything: somebody who can log in here types the code that the agent shows.
        case claim
        /// Somebody of this issuer, in this hub group if one is named, and with this scope if one is.
        case identity(issuer: String, group: String?, scope: String?)
        /// Anything: an administrator decides.
        case approve
    }

    package enum Decision: String, Hashable, Sendable, CaseIterable { case accept, queue, deny }

    /// With what a cluster begins; nil for what follows from the rule.
    package struct Terms: Hashable, Sendable {
        var owner: String?
        var trust: ClusterTrust?
        var scheduling = ClusterScheduling.schedulable
        var ceiling = DataCeiling.public
    }

    /// What it is called in `orrery.yaml` and in the audit log.
    package var name: String { test.name }
}

extension AdmissionRule.Test {
    static let names = ["open", "ip", "ca", "token", "claim", "oidc", "approve"]

    var name: String {
        switch self {
        case .open: "open"
        case .address: "ip"
        case .certificate: "ca"
        case .token: "token"
        case .claim: "claim"
        case .identity: "oidc"
        case .approve: "approve"
        }
    }

    var usualDecision: AdmissionRule.Decision {
        switch self {
        case .claim, .approve: .queue
        case .open, .address, .certificate, .token, .identity: .accept
        }
    }

    /// Whether the rule is about what `evidence` shows. `now` is for certificates.
    func matches(_ evidence: JoinEvidence, at seconds: Int64) -> Bool {
        switch self {
        case .open, .claim, .approve:
            return true
        case .token:
            return evidence.invite.map { $0.flaw == nil } ?? false
        case .address(let networks):
            guard let address = InternetAddress(evidence.address) else { return false }
            return networks.contains { $0.contains(address) }
        case .identity(let issuer, let group, let scope):
            guard let identity = evidence.identity, identity.issuer.isExactly(issuer) else { return false }
            return (group.map { wanted in identity.groups.contains { $0.isExactly(wanted) } } ?? true)
                && (scope.map { wanted in identity.scopes.contains { $0.isExactly(wanted) } } ?? true)
        case .certificate(let authorities, let subject):
            guard let shown = evidence.certificate, shown.isProved,
                let chain = try? SiteChain(pem: Array(shown.chain.utf8)),
                subject.map({ Wildcard($0).matches(chain.subject) }) ?? true
            else { return false }
            return (try? chain.leads(to: Array(authorities.utf8), at: seconds)) ?? false
        }
    }
}

/// A text with `*` for any number of any bytes.
struct Wildcard: Sendable {
    private let parts: [[UInt8]]

    init(_ text: String) {
        parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    func matches(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        guard let first = parts.first, let last = parts.last, rest.starts(with: first) else { return false }
        guard parts.count > 1 else { return rest.count == first.count }
        rest = rest.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() {
            guard let found = Self.place(of: part, in: rest) else { return false }
            rest = rest[(found + part.count)...]
        }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }

    private static func place(of part: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard text.count >= part.count else { return nil }
        return (text.startIndex...(text.endIndex - part.count)).first { text[$0...].starts(with: part) }
    }
}
