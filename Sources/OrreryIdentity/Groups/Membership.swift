import Foundation
package import OrreryModel

/// The hub groups of one login, by how long and on what condition they hold. A name stands in one of the three only.
package struct Membership: Hashable, Sendable {
    /// Hold until the groups are read again.
    package private(set) var groups: Set<Group> = []
    /// Hold for this login only: they were opened by how the person logged in, which another browser cannot show.
    package private(set) var raised: [Raised] = []
    /// Would hold if something more were shown.
    package private(set) var dormant: [Dormant] = []

    package init(groups: Set<Group> = [], raised: [Raised] = [], dormant: [Dormant] = []) {
        self.groups = groups
        self.raised = raised
        self.dormant = dormant
    }

    /// A group that this login holds.
    package typealias Raised = RaisedGroup

    /// A group that sleeps.
    package struct Dormant: Hashable, Sendable {
        package let group: String
        package let shortfall: Shortfall

        package init(group: String, shortfall: Shortfall) {
            self.group = group
            self.shortfall = shortfall
        }
    }

    mutating func add(_ group: Group, _ requirement: Requirement, _ evidence: Evidence, at now: Date) {
        if let shortfall = requirement.shortfall(of: evidence, at: now) {
            let isKnown = dormant.contains { $0.group == group.name } || holds(group.name)
            if !isKnown { dormant.append(Dormant(group: group.name, shortfall: shortfall)) }
            return
        }
        dormant.removeAll { $0.group == group.name }
        guard requirement.isAboutTheLogin else { return insert(group) }
        guard !holds(group.name) else { return }
        raised.append(Raised(group: group, until: requirement.end(for: evidence)))
    }

    private func holds(_ name: String) -> Bool {
        groups.contains { $0.name == name } || raised.contains { $0.group.name == name }
    }

    private mutating func insert(_ group: Group) {
        let earlier =
            groups.first { $0.name == group.name } ?? raised.first { $0.group.name == group.name }?.group
        raised.removeAll { $0.group.name == group.name }
        if let earlier {
            groups.remove(earlier)
            groups.insert(earlier.gid == nil ? group : earlier)
        } else {
            groups.insert(group)
        }
    }
}
