/// Deadlines of slab elements, a few fixed durations of them.
///
/// All deadlines of one duration form a list in the order they were set, which is also the order in which they come, so
/// that setting, clearing and looking at the first each cost a few stores. An element has at most one deadline.
///
/// Concurrency: belongs to one thread.
package struct Timers: ~Copyable {
    private let durations: [UInt64]
    private var links: Slab<Link>
    private var ends: Slab<Ends>

    private static var none: UInt32 { .max }

    // Not private: 6.3 compilers cannot emit a non-copyable type whose storage is generic over a private one.
    package struct Link {
        var deadline: UInt64 = 0
        var previous: UInt32 = Timers.none
        var next: UInt32 = Timers.none
        /// Which list it is in, 0 for none.
        var list: UInt32 = 0
    }

    package struct Ends {
        var first: UInt32 = Timers.none
        var last: UInt32 = Timers.none
    }

    /// `durations` in milliseconds; a timer names one by its place. `capacity` is that of the slab.
    package init(durations: [UInt64], capacity: UInt32) {
        self.durations = durations
        links = Slab(capacity: capacity)
        ends = Slab(capacity: UInt32(durations.count) + 1)
        for _ in 0...durations.count { _ = ends.add { Ends() } }
    }

    /// Sets the deadline of `index` to the duration number `place` from `now` on, instead of any it had.
    package mutating func set(_ index: UInt32, _ place: Int, now: UInt64) {
        while links.extent <= index { _ = links.add { Link() } }
        clear(index)
        let list = UInt32(place) + 1
        let last = ends[list].last
        links[index] = Link(deadline: now + durations[place], previous: last, next: Self.none, list: list)
        if last == Self.none { ends[list].first = index } else { links[last].next = index }
        ends[list].last = index
    }

    /// Takes away the deadline of `index`, if it has one.
    package mutating func clear(_ index: UInt32) {
        guard index < links.extent else { return }
        let link = links[index]
        guard link.list != 0 else { return }
        if link.previous == Self.none {
            ends[link.list].first = link.next
        } else {
            links[link.previous].next = link.next
        }
        if link.next == Self.none {
            ends[link.list].last = link.previous
        } else {
            links[link.next].previous = link.previous
        }
        links[index].list = 0
    }

    /// Which duration the deadline of `index` is of; nil when it has none.
    package func place(of index: UInt32) -> Int? {
        guard index < links.extent, links[index].list != 0 else { return nil }
        return Int(links[index].list) - 1
    }

    /// How long ago the deadline of `index` was set, if it is of the duration number `place`.
    package func elapsed(_ index: UInt32, _ place: Int, now: UInt64) -> UInt64? {
        guard self.place(of: index) == place else { return nil }
        return now &+ durations[place] &- links[index].deadline
    }

    /// Whose deadline of the duration number `place` comes first; nil when nobody has one.
    package func first(_ place: Int) -> UInt32? {
        let first = ends[UInt32(place) + 1].first
        return first == Self.none ? nil : first
    }

    /// An element whose deadline has come, which then has none any more; nil when there is none (left).
    package mutating func expired(now: UInt64) -> UInt32? {
        for list in 1...UInt32(durations.count) {
            let first = ends[list].first
            guard first != Self.none, links[first].deadline <= now else { continue }
            clear(first)
            return first
        }
        return nil
    }

    /// When the first deadline comes; nil when there is none.
    package var next: UInt64? {
        var nearest = UInt64.max
        for list in 1...UInt32(durations.count) {
            let first = ends[list].first
            if first != Self.none { nearest = min(nearest, links[first].deadline) }
        }
        return nearest == .max ? nil : nearest
    }
}
