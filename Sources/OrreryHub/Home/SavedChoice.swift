import OrreryModel
import OrreryStore

/// What somebody chose for their newest session, which the page offers again.
extension SessionChoice {
    /// The cluster is not kept: the best place is another one every time.
    init(of session: SessionRecord) {
        self.init(
            profile: session.profile, environment: session.environment, size: session.size,
            options: session.plan.options ?? [:])
    }
}

extension Notice {
    /// That what is gone of an earlier choice was not silently replaced; nil where nothing is.
    init?(stale: [String]) {
        guard let last = stale.last else { return nil }
        let list = stale.count == 1 ? last : stale.dropLast().joined(separator: ", ") + " and " + last
        self.init(
            kind: .information,
            text: "What you chose the last time is not offered to you any more: \(list). The default is chosen instead")
    }
}

extension ProfileCard {
    /// The card with `saved` chosen in it, if it is for this profile.
    func choosing(_ saved: SessionChoice) -> ProfileCard {
        guard saved.profile?.isExactly(name) ?? false else { return self }
        var card = self
        card.environments = card.environments.choosing(saved.environment)
        card.sizes = card.sizes.choosing(saved.size)
        card.options = card.options.map { option in
            var option = option
            option.choices = option.choices.choosing(saved.options[option.name])
            return option
        }
        return card
    }
}

extension [Choice] {
    fileprivate func choosing(_ value: String?) -> [Choice] {
        guard let value, contains(where: { $0.value.isExactly(value) }) else { return self }
        return map { choice in
            var choice = choice
            choice.isSelected = choice.value.isExactly(value)
            return choice
        }
    }
}
