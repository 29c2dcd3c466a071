import Foundation
import OrreryModel

/// Who may join: rules in order, of which the first that is about what a cluster shows decides. They are asked about new
/// keys alone, so a stricter list changes nothing for members.
package struct Admission: Hashable, Sendable {
    package var rules: [AdmissionRule]

    /// Tokens that an administrator has made, and whoever can log in may claim what asks.
    package static let usual = Admission(rules: [AdmissionRule(.token), AdmissionRule(.claim)])

    package init(rules: [AdmissionRule]) { self.rules = rules }

    /// Whether a rule is about what an issuer says.
    var asksIssuers: Bool {
        rules.contains { rule in
            if case .identity = rule.test { true } else { false }
        }
    }

    struct Verdict: Hashable, Sendable {
        let outcome: Outcome
        /// The rule that decided; nil when none did, and then an administrator decides.
        let rule: String?
    }

    enum Outcome: Hashable, Sendable {
        case accept(Terms)
        /// Somebody decides: with a code whoever may claim it, else an administrator. The terms are for then.
        case queue(byCode: Bool, Terms)
        case deny
    }

    /// With what a cluster begins.
    struct Terms: Hashable, Sendable {
        var owner: String?
        var trust: ClusterTrust
        var scheduling: ClusterScheduling
        var ceiling: DataCeiling
    }

    /// What becomes of a cluster that shows `evidence` at `now`. Without clock and without I/O.
    func decide(_ evidence: JoinEvidence, at now: Date) -> Verdict {
        let seconds = Int64(now.timeIntervalSince1970)
        guard let rule = rules.first(where: { $0.test.matches(evidence, at: seconds) }) else {
            return Verdict(outcome: .queue(byCode: false, Self.terms(AdmissionRule(.approve), evidence)), rule: nil)
        }
        let terms = Self.terms(rule, evidence)
        let outcome: Outcome =
            switch rule.decision {
            case .accept: .accept(terms)
            case .queue: .queue(byCode: rule.test == .claim, terms)
            case .deny: .deny
            }
        return Verdict(outcome: outcome, rule: rule.name)
    }

    /// Whether a member that came with `evidence`, and with the word of whoever let it in, would be let in by these rules: by
    /// the first that is about it, or by the same kind of word where that asks for one. An administrator's word is worth
    /// a claim, not the other way round.
    func wouldAdmit(_ evidence: JoinEvidence, at then: Date) -> Bool {
        switch decide(evidence, at: then).outcome {
        case .accept: true
        case .deny: false
        case .queue(let byCode, _): evidence.word.map { byCode || $0.kind == .approve } ?? false
        }
    }

    /// Without an owner nobody's sessions would go there anyway, so it stays unclaimed until somebody says whose it is.
    private static func terms(_ rule: AdmissionRule, _ evidence: JoinEvidence) -> Terms {
        var owner = rule.terms.owner
        if case .token = rule.test { owner = evidence.invite?.owner ?? owner }
        if case .identity(_, let group?, _) = rule.test { owner = owner ?? group }
        return Terms(
            owner: owner, trust: rule.terms.trust ?? (owner == nil ? .unclaimed : .ownerOnly),
            scheduling: rule.terms.scheduling, ceiling: rule.terms.ceiling)
    }
}
