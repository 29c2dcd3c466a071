package import OrreryModel

extension Policy {
    /// What somebody chose earlier, as far as it is still offered to them, and what of it is not any more. Whatever is missing
    /// takes the default, as if nobody had chosen it.
    package func refresh(_ saved: SessionChoice, for person: Person) -> (choice: SessionChoice, stale: [String]) {
        guard let name = saved.profile else { return (SessionChoice(), []) }
        guard let profile = profiles.first(where: { $0.name.isExactly(name) }) else {
            return (SessionChoice(), ["the profile \(name)"])
        }
        let offer = offer(profile, to: person)
        guard offer.isAllowed else { return (SessionChoice(), ["the profile \(profile.title)"]) }
        var choice = SessionChoice(profile: profile.name)
        var stale: [String] = []
        choice.environment = keep(saved.environment, "environment", offer.environments.map(\.name), &stale)
        choice.size = keep(saved.size, "size", offer.sizes.map(\.name), &stale)
        for (name, made) in saved.options.sorted(by: { $0.key < $1.key }) {
            guard let option = profile.options.first(where: { $0.name.isExactly(name) }),
                option.choices.contains(where: { $0.name.isExactly(made) })
            else {
                stale.append("\(name) \(made)")
                continue
            }
            choice.options[option.name] = made
        }
        return (choice, stale)
    }

    private func keep(_ name: String?, _ kind: String, _ offered: [String], _ stale: inout [String]) -> String? {
        guard let name else { return nil }
        if offered.containsExactly(name) { return name }
        stale.append("the \(kind) \(name)")
        return nil
    }
}
