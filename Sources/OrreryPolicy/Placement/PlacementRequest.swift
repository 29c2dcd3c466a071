package import OrreryModel

/// What somebody asks a place for.
package struct PlacementRequest: Hashable, Sendable {
    package private(set) var person: Person
    package let profile: String
    /// Nil takes the default, as `Policy.plan` does.
    package var environment: String?
    package var size: String?
    package var options: [String: String]
    /// The cluster that the person insists on.
    package var pin: String?
    /// Sessions of the profile that the person has already.
    package var running: Int
    /// The session that asks, once it waits.
    package var ticket: String
    /// Where the person's sessions ran before, the last one last. Where homes are not shared, their files are there.
    package var past: [String]
    /// Why clusters can never take it, by their names: they have said so when they were asked.
    package var tooLarge: [String: String] = [:]
    /// How often clusters have found no node for it, by their names.
    package var attempts: [String: Int] = [:]
    /// How long clusters are not asked again that did not take it for a reason of its own, by their names.
    package var pauses: [String: Pause] = [:]
    /// Clusters on which it could have run at some moment since it was asked for; nil while that is not known, since a hub has
    /// just begun.
    package var servers: Set<String>?

    /// It could run on these now.
    package mutating func note(servers: [String]) {
        if !servers.isEmpty { self.servers = (self.servers ?? []).union(servers) }
    }

    package init(
        person: Person, profile: String, environment: String? = nil, size: String? = nil,
        options: [String: String] = [:], pin: String? = nil,
        running: Int = 0, ticket: String = "", past: [String] = []
    ) {
        self.person = person
        self.profile = profile
        self.environment = environment
        self.size = size
        self.options = options
        self.pin = pin
        self.running = running
        self.ticket = ticket
        self.past = past
    }

    /// The same for the person as they are now.
    package func asked(by person: Person) -> PlacementRequest {
        var request = self
        request.person = person
        return request
    }
}

/// What is held of the whole site, as far as a request is measured by it.
package struct SiteFacts: Hashable, Sendable {
    /// What the person holds, with what waits; without what asks.
    package var person = Resources()
    /// What the sessions hold that count for the same group.
    package var account = Resources()
    /// Sessions of the profile.
    package var profile = 0

    package init() {}

    /// `ticket` is the session that asks, once it waits: what it would hold is not held already.
    package init(_ occupancy: Occupancy, for person: Person, account: String, profile: String, asking ticket: String) {
        self.person = occupancy.persons[person.name] ?? Resources()
        if let own = occupancy[ticket], own.person == person.name { self.person = self.person - own.need }
        self.account = occupancy.accounts[account] ?? Resources()
        self.profile = occupancy.profiles.values.reduce(0) { $0 + ($1[profile] ?? 0) }
    }
}
