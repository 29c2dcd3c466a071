import OrreryModel

extension Policy {
    /// One option with the choice that was made in it.
    struct MadeChoice {
        let option: String
        let choice: Profile.OptionChoice
    }

    /// The choice of every option of `profile`: as `wanted`, or the first. What is not offered is refused by its name.
    func chooseOptions(
        _ wanted: [String: String], of profile: Profile, _ refusals: inout [Refusal]
    ) -> [MadeChoice] {
        for name in wanted.keys.sorted() where !profile.options.contains(where: { $0.name.isExactly(name) }) {
            refusals.append(unknown("option", name, among: profile.options.map(\.name)))
        }
        return profile.options.compactMap { option in
            guard let name = wanted.first(where: { $0.key.isExactly(option.name) })?.value else {
                return option.choices.first.map { MadeChoice(option: option.name, choice: $0) }
            }
            if let choice = option.choices.first(where: { $0.name.isExactly(name) }) {
                return MadeChoice(option: option.name, choice: choice)
            }
            let hint = nearestName(to: name, among: option.choices.map(\.name)).map { "did you mean \($0)?" }
            refusals.append(
                Refusal("\(option.name) \(name)", because: "the option \(option.name) has no such choice", remedy: hint)
            )
            return nil
        }
    }

    /// With the image's own user, who is the same for everybody, owners and modes of files keep nobody apart: every tree
    /// that such a session mounts needs the mount as its wall.
    func refuseForeignUser(
        _ environment: Environment?, _ cluster: String, _ decision: MountDecision, _ refusals: inout [Refusal]
    ) {
        guard let environment, environment.user == .image, let binding = bindings[cluster] else { return }
        let names = Set(decision.mounts.map(\.fileset)).filter { binding.sources[$0]?.wall != .mount }.sorted()
        guard let last = names.last else { return }
        let list = names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
        refusals.append(
            Refusal(
                "environment \(environment.name)",
                because: "its processes are the image's own user, and on \(cluster) the owners of files keep people "
                    + "apart in \(list)",
                remedy: "choose an environment whose processes are yours"))
    }
}
