internal import OrreryWire

/// What a request finds: where it goes, and what to note about it.
struct RouteMatch: Sendable {
    /// Nil while the target's name has no address.
    let endpoint: Endpoint?
    let activity: ActivityBook.Cell
    /// The hub's own pages: open to somebody who is logged out.
    let isHub: Bool
    /// The path of the target and its `host:port`, in the text of the table it was found in.
    let base: Slice
    let authority: Slice
    /// The names of those who may pass, there too, a line each. Empty: nobody is asked who they are.
    let access: Slice
    private let queryLength: UInt16
    private let prefixLength: UInt16
    private let segmentCount: UInt16
    private(set) var origin = Origin.large

    /// Which table of a snapshot it was found in.
    enum Origin: UInt8, Sendable { case large, medium, small }

    init(_ route: Route, _ key: RouteKey, isByHost: Bool, base: Slice, authority: Slice, access: Slice) {
        endpoint = route.endpoint
        activity = route.activity
        isHub = key.isHub(byHost: isByHost)
        (self.base, self.authority, self.access) = (base, authority, access)
        queryLength = UInt16(route.target.query.utf8.count)
        prefixLength = UInt16(key.text.utf8.count)
        segmentCount = UInt16(max(0, key.segments - (isByHost ? 1 : 0)))
    }

    /// The query of the target, without question mark: it lies behind the path.
    var query: Slice { Slice(Int(base.end), Int(base.end) + Int(queryLength)) }
    /// How many bytes its key has.
    var prefix: Int { Int(prefixLength) }
    /// How many segments its key has besides the host, which are the first of every path that it matches.
    var segments: Int { Int(segmentCount) }

    func from(_ origin: Origin) -> RouteMatch {
        var match = self
        match.origin = origin
        return match
    }
}

/// Routes of one moment that never change, found by the hash of their whole prefix. Plain numbers and one text for all,
/// so that looking something up touches no reference count.
final class RouteTable: Sendable {
    struct Entry: Sendable {
        let hash: UInt64
        let key: Slice
        /// Nil: the route that an older table has is gone.
        let match: RouteMatch?
    }

    private let entries: [Entry]
    private let buckets: [UInt32]
    private let mask: Int
    let text: [UInt8]
    /// How many segments the longest key has.
    let depth: Int
    private static let unused = UInt32.max

    static let empty = RouteTable([], byHost: false)

    init(_ routes: some Collection<(key: RouteKey, value: Route?)>, byHost isByHost: Bool) {
        var text: [UInt8] = []
        var entries: [Entry] = []
        func add(_ string: String) -> Slice {
            text.append(contentsOf: string.utf8)
            return Slice(text.count - string.utf8.count, text.count)
        }
        for (key, route) in routes {
            let match = route.map { route in
                let base = add(route.target.path)
                _ = add(route.target.query)
                return RouteMatch(
                    route, key, isByHost: isByHost, base: base, authority: add(route.target.authority),
                    access: add(route.access))
            }
            entries.append(Entry(hash: PrefixHash.of(key.text.utf8), key: add(key.text), match: match))
        }
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        mask = size - 1
        buckets = Self.fill(size, entries)
        depth = routes.map { $0.key.segments }.max() ?? 0
        self.entries = entries
        self.text = text
    }

    private static func fill(_ size: Int, _ entries: [Entry]) -> [UInt32] {
        var buckets = [UInt32](repeating: unused, count: size)
        for (index, entry) in entries.enumerated() {
            var bucket = Int(truncatingIfNeeded: entry.hash) & (size - 1)
            while buckets[bucket] != unused { bucket = (bucket + 1) & (size - 1) }
            buckets[bucket] = UInt32(index)
        }
        return buckets
    }

    /// The entry whose key is `prefix`, which has the hash `hash`. Never allocates.
    func entry(_ prefix: Span<UInt8>, hash: UInt64) -> Entry? {
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != Self.unused {
            let index = Int(buckets[bucket])
            if entries[index].hash == hash, isSame(entries[index].key, prefix) { return entries[index] }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    private func isSame(_ key: Slice, _ prefix: Span<UInt8>) -> Bool {
        guard key.count == prefix.count else { return false }
        for offset in 0..<prefix.count where text[Int(key.start) + offset] != prefix[offset] { return false }
        return true
    }
}
