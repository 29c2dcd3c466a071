import OrreryIdentity
import OrreryModel

extension HubConfiguration.Auth {
    /// What to ask of an issuer so that a login may raise the hub group `name`; the usual for a group that needs nothing, or
    /// that no rule makes.
    func demand(raising name: String?) -> LoginDemand {
        guard let name else { return .usual }
        let rule = groups.first { Self.makes($0.name, name) && $0.requirement.isAboutTheLogin }
        return rule.map { LoginDemand(contexts: $0.requirement.contexts, age: $0.requirement.age) } ?? .usual
    }
}
