/// What a login asks of the issuer beyond the usual: for a group that requires more, or for linking two identities.
/// The issuer may pass over it, so what comes back is checked all the same.
package struct LoginDemand: Hashable, Sendable {
    /// Authentication contexts to ask for (`acr_values`).
    package var contexts: Set<String>
    /// How long ago the person may have logged in at the issuer (`max_age`).
    package var age: Duration?
    /// Whether the person has to log in even if the issuer knows the browser (`prompt=login`).
    package var isAnew: Bool

    package init(contexts: Set<String> = [], age: Duration? = nil, isAnew: Bool = false) {
        self.contexts = contexts
        self.age = age
        self.isAnew = isAnew
    }

    /// A login like every other.
    package static let usual = LoginDemand()

    /// The parameters of OpenID Connect Core 3.1.2.1 for this demand together with what the issuer's `requirement` asks.
    func parameters(beside requirement: Requirement) -> [(String, String)] {
        var parameters: [(String, String)] = []
        let contexts = self.contexts.isEmpty ? requirement.contexts : self.contexts
        if !contexts.isEmpty { parameters.append(("acr_values", contexts.sorted().joined(separator: " "))) }
        if let age = [age, requirement.age].compactMap(\.self).min() {
            parameters.append(("max_age", "\(age.components.seconds)"))
        }
        if isAnew { parameters.append(("prompt", "login")) }
        return parameters
    }
}
