import Foundation
import OrreryModel

/// What must be shown besides a group or a login: how somebody logged in, and how well the home organisation knows them.
/// One that says nothing requires nothing.
package struct Requirement: Hashable, Sendable {
    /// Any of these authentication contexts (`acr`), such as `https://refeds.org/profile/mfa`.
    package var contexts: Set<String>
    /// How long ago the person may have logged in at the issuer (`auth_time`).
    package var age: Duration?
    /// All of these values of `eduperson_assurance`; of identity proofing (`IAP`), the level or a higher one.
    package var assurance: Set<String>
    /// Any of these home organisations (`idp`), by entity id.
    package var organisations: Set<String>

    package init(
        contexts: Set<String> = [], age: Duration? = nil, assurance: Set<String> = [], organisations: Set<String> = []
    ) {
        self.contexts = contexts
        self.age = age
        self.assurance = assurance
        self.organisations = organisations
    }

    /// Whether it asks how this login was made, rather than who the person is.
    package var isAboutTheLogin: Bool { !contexts.isEmpty || age != nil }
    /// Whether it asks for what some issuers say at the userinfo endpoint only.
    var isAboutThePerson: Bool { !assurance.isEmpty || !organisations.isEmpty }

    /// The part of it that outlasts a login.
    var aboutThePerson: Requirement { Requirement(assurance: assurance, organisations: organisations) }

    /// What is missing, the first of it; nil when the requirement is met. What an issuer does not say is not there.
    func shortfall(of evidence: Evidence, at now: Date) -> Shortfall? {
        if !organisations.isEmpty {
            guard let organisation = evidence.organisation, organisations.containsExactly(organisation) else {
                return .organisation
            }
        }
        if let missing = assurance.sorted().first(where: { !evidence.assures($0) }) { return .assurance(missing) }
        if !contexts.isEmpty {
            guard let context = evidence.context, contexts.containsExactly(context) else {
                return .context(contexts.sorted().joined(separator: " or "))
            }
        }
        if let age {
            guard let at = evidence.authenticatedAt, at <= now.addingTimeInterval(TokenTimes.skew),
                now < at.addingTimeInterval(age.seconds)
            else { return .age(age) }
        }
        return nil
    }

    /// When what `evidence` shows will be too old; nil for never.
    func end(for evidence: Evidence) -> Date? {
        guard let age, let at = evidence.authenticatedAt else { return nil }
        return at.addingTimeInterval(age.seconds)
    }
}

extension Duration {
    fileprivate var seconds: TimeInterval { TimeInterval(components.seconds) }
}
