package import OrreryModel

/// How much one person, and one group together, may have at a time.
package struct Quotas: Hashable, Sendable {
    /// For everybody whose groups say nothing else.
    package let person: ResourceBounds
    package let groups: [String: GroupQuota]

    package init(person: ResourceBounds = .none, groups: [String: GroupQuota] = [:]) {
        self.person = person
        self.groups = groups
    }

    package struct GroupQuota: Hashable, Sendable {
        /// For all sessions that count for the group together.
        package let all: ResourceBounds
        /// For each of its members, instead of what everybody may have.
        package let person: ResourceBounds

        package init(all: ResourceBounds = .none, person: ResourceBounds = .none) {
            self.all = all
            self.person = person
        }
    }

    /// What `someone` may have: of each resource the most that one of their groups says, else what everybody may have.
    package func bounds(of someone: Person) -> ResourceBounds {
        let own = groups.filter { someone.isMember(of: $0.key) }.values.map(\.person)
        return ResourceBounds(
            sessions: own.compactMap(\.sessions).max() ?? person.sessions,
            cpu: own.compactMap(\.cpu).max() ?? person.cpu,
            memory: own.compactMap(\.memory).max() ?? person.memory, gpu: own.compactMap(\.gpu).max() ?? person.gpu)
    }

    /// Why `person`, who holds `held`, may not have `need` besides; nil when they may.
    package func refusal(of person: Person, holding held: Resources, adding need: Resources) -> Refusal? {
        let shortages = bounds(of: person).shortages(holding: held, adding: need)
        guard !shortages.isEmpty else { return nil }
        return Refusal(
            "your quota", because: shortages.joined(separator: "; "),
            remedy: held.sessions > 0 ? "stop another session of yours, or take a smaller size" : "take a smaller size")
    }

    /// The group that a session of `person` counts for: the first by name of theirs that has a quota, else of those that the
    /// profile is for, else everybody together.
    package func account(of person: Person, for profile: Profile?) -> String {
        if let group = groups.keys.filter(person.isMember).min() { return group }
        let allowed = (profile?.allow ?? []).compactMap { if case .group(let name) = $0 { name } else { nil } }
        return allowed.filter(person.isMember).min() ?? Self.everyone
    }

    package static let everyone = "everyone"
}
