/// Deadlines of slab elements, a few fixed durations of them.
///
/// All deadlines of one duration form a ring in the order they were set, which is also the order in which they come, so
/// that setting, clearing and looking at the first each cost a few stores. A ring begins and ends with a link of its own,
/// whose deadline never comes: so no element is a special case. An element has at most one deadline.
///
/// Methods on the path of a request are `mutating` even where they only look: for others 6.3 compilers copy all of it.
///
/// Concurrency: belongs to one thread.
package struct Timers: ~Copyable {
    private let durations: [UInt64]
    /// First those of the rings themselves, then those of the elements.
    private var links: Slab<Link>
    private let rings: UInt32

    // Not private: 6.3 compilers cannot emit a non-copyable type whose storage is generic over a private one.
    package struct Link {
        var deadline = UInt64.max
        var previous: UInt32
        var next: UInt32
        /// The ring it is in, `none` for no ring.
        var ring: UInt32

        static var none: UInt32 { .max }
    }

    /// `durations` in milliseconds; a timer names one by its place. `capacity` is that of the slab.
    package init(durations: [UInt64], capacity: UInt32) {
        self.durations = durations
        rings = UInt32(durations.count)
        links = Slab(capacity: capacity + rings)
        for ring in 0..<rings { _ = links.add { Link(previous: ring, next: ring, ring: ring) } }
    }

    /// Sets the deadline of `index` to the duration number `place` from `now` on, instead of any it had.
    package mutating func set(_ index: UInt32, _ place: Int, now: UInt64) {
        let link = index + rings
        if link >= links.extent { reach(link) }
        remove(link)
        let ring = UInt32(truncatingIfNeeded: place)
        let last = links[ring].previous
        links[link] = Link(deadline: now &+ durations[place], previous: last, next: ring, ring: ring)
        links[last].next = link
        links[ring].previous = link
    }

    /// Takes away the deadline of `index`, if it has one.
    package mutating func clear(_ index: UInt32) {
        if index + rings < links.extent { remove(index + rings) }
    }

    /// Which duration the deadline of `index` is of; nil when it has none.
    package mutating func place(of index: UInt32) -> Int? {
        guard index + rings < links.extent, links[index + rings].ring != Link.none else { return nil }
        return Int(links[index + rings].ring)
    }

    /// How long ago the deadline of `index` was set, if it is of the duration number `place`.
    package mutating func elapsed(_ index: UInt32, _ place: Int, now: UInt64) -> UInt64? {
        guard index + rings < links.extent, links[index + rings].ring == UInt32(truncatingIfNeeded: place) else {
            return nil
        }
        return now &+ durations[place] &- links[index + rings].deadline
    }

    /// Whose deadline of the duration number `place` comes first; nil when nobody has one.
    package func first(_ place: Int) -> UInt32? {
        precondition(place < durations.count)
        let first = links[UInt32(place)].next
        return first < rings ? nil : first - rings
    }

    /// An element whose deadline has come, which then has none any more; nil when there is none (left).
    package mutating func expired(now: UInt64) -> UInt32? {
        for ring in 0..<rings {
            let first = links[ring].next
            guard links[first].deadline <= now else { continue }
            remove(first)
            return first - rings
        }
        return nil
    }

    /// When the first deadline comes; nil when there is none.
    package var next: UInt64? {
        var nearest = UInt64.max
        for ring in 0..<rings { nearest = min(nearest, links[links[ring].next].deadline) }
        return nearest == .max ? nil : nearest
    }

    /// Makes links up to this one.
    private mutating func reach(_ link: UInt32) {
        while links.extent <= link { _ = links.add { Link(previous: 0, next: 0, ring: Link.none) } }
    }

    @inline(__always) private mutating func remove(_ link: UInt32) {
        guard links[link].ring != Link.none else { return }
        let previous = links[link].previous
        let next = links[link].next
        links[previous].next = next
        links[next].previous = previous
        links[link].ring = Link.none
    }
}
