package import Foundation

/// What every session holds, summed as placement asks for it. A slot that was only reserved is held for a minute: if by then
/// nobody has confirmed it, whoever wanted it has gone.
package struct Occupancy: Hashable, Sendable {
    private var slots: [String: Slot] = [:]
    private var reserved: [String: Date] = [:]
    package private(set) var clusters: [String: Resources] = [:]
    package private(set) var starting: [String: Int] = [:]
    /// By cluster, then by profile.
    package private(set) var profiles: [String: [String: Int]] = [:]
    package private(set) var accounts: [String: Resources] = [:]
    /// By the person's name; what waits counts too.
    package private(set) var persons: [String: Resources] = [:]

    package static let reservation: TimeInterval = 60

    package init() {}

    /// One session's share of the site.
    package struct Slot: Hashable, Sendable {
        package let person: String
        package let account: String
        package let profile: String
        package let need: Resources
        /// Nil while it waits for room.
        package let cluster: String?
        package let isStarting: Bool

        package init(
            person: String, account: String, profile: String, need: Resources, cluster: String?, isStarting: Bool
        ) {
            self.person = person
            self.account = account
            self.profile = profile
            self.need = need
            self.cluster = cluster
            self.isStarting = isStarting
        }

        /// The same, once it is on its way no more.
        package func started() -> Slot {
            Slot(
                person: person, account: account, profile: profile, need: need, cluster: cluster, isStarting: false)
        }
    }

    package subscript(_ session: String) -> Slot? { slots[session] }

    /// The session holds `slot` from now on, instead of what it held.
    package mutating func hold(_ slot: Slot, for session: String) {
        release(session)
        slots[session] = slot
        count(slot, 1)
    }

    /// The same until `now` and a minute, unless it is confirmed.
    package mutating func reserve(_ slot: Slot, for session: String, at now: Date) {
        hold(slot, for: session)
        reserved[session] = now.addingTimeInterval(Self.reservation)
    }

    /// The session that a slot was reserved for exists.
    package mutating func confirm(_ session: String) { reserved[session] = nil }

    /// The sessions of which it is not known yet whether they exist.
    package var unconfirmed: Dictionary<String, Date>.Keys { reserved.keys }

    /// Nothing is held by it any more.
    package mutating func release(_ session: String) {
        reserved[session] = nil
        if let slot = slots.removeValue(forKey: session) { count(slot, -1) }
    }

    /// The sessions whose slots were reserved and never confirmed in time.
    package func reservationsOver(at now: Date) -> [String] { reserved.filter { $0.value <= now }.keys.sorted() }

    private mutating func count(_ slot: Slot, _ sign: Int) {
        func sum(_ old: Resources?) -> Resources {
            sign > 0 ? (old ?? Resources()) + slot.need : (old ?? Resources()) - slot.need
        }
        persons[slot.person] = sum(persons[slot.person])
        if persons[slot.person] == Resources() { persons[slot.person] = nil }
        guard let cluster = slot.cluster else { return }
        clusters[cluster] = sum(clusters[cluster])
        accounts[slot.account] = sum(accounts[slot.account])
        profiles[cluster, default: [:]][slot.profile, default: 0] += sign
        if slot.isStarting { starting[cluster, default: 0] += sign }
    }
}
