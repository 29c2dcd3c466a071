internal import OrreryWire

/// Routes of one moment that never change, found by the hash of their whole prefix. Plain numbers and one text for all,
/// so that looking something up touches no reference count, and making a table of two copies memory.
final class RouteTable: Sendable {
    private struct Entry {
        let hash: UInt64
        let match: RouteMatch
    }

    private let entries: [Entry]
    private let buckets: [UInt32]
    private let mask: Int
    let text: [UInt8]
    /// How many segments the longest key has, host included.
    let depth: Int
    private static let unused = UInt32.max

    var count: Int { entries.count }

    static let empty = RouteTable([:], byHost: false)

    /// A table of changes: a nil is a route that is gone.
    convenience init(_ changes: [RouteKey: Route?], byHost isByHost: Bool) {
        var draft = Draft(entries: changes.count, text: changes.count * 48)
        for (key, route) in changes { draft.add(key, route, isByHost: isByHost) }
        self.init(draft)
    }

    private init(_ draft: Draft) {
        (entries, text, depth) = (draft.entries, draft.text, draft.depth)
        var size = 8
        while size < entries.count * 2 { size *= 2 }
        mask = size - 1
        buckets = Self.fill(size, entries)
    }

    private static func fill(_ size: Int, _ entries: [Entry]) -> [UInt32] {
        var buckets = [UInt32](repeating: unused, count: size)
        for index in 0..<entries.count {
            var bucket = Int(truncatingIfNeeded: entries[index].hash) & (size - 1)
            while buckets[bucket] != unused { bucket = (bucket + 1) & (size - 1) }
            buckets[bucket] = UInt32(index)
        }
        return buckets
    }

    /// What the table says of the key `prefix`, which has the hash `hash`: a route, or that it is gone. Nil when it says
    /// nothing. Never allocates.
    func match(_ prefix: Span<UInt8>, hash: UInt64) -> RouteMatch? {
        var bucket = Int(truncatingIfNeeded: hash) & mask
        while buckets[bucket] != Self.unused {
            let index = Int(buckets[bucket])
            if entries[index].hash == hash, isSame(entries[index].match.key, prefix) { return entries[index].match }
            bucket = (bucket + 1) & mask
        }
        return nil
    }

    private func isSame(_ key: Slice, _ prefix: Span<UInt8>) -> Bool {
        guard key.count == prefix.count else { return false }
        for offset in 0..<prefix.count where text[Int(key.start) + offset] != prefix[offset] { return false }
        return true
    }

    /// This table with the changes of a newer one. That routes are gone is kept only if a still older table needs to be
    /// contradicted. Costs the size of both, some 20 ns for each route.
    func updated(by newer: RouteTable, keepsGone: Bool) -> RouteTable {
        if newer.count == 0 || (count == 0 && keepsGone) { return newer.count == 0 ? self : newer }
        var draft = Draft(entries: count + newer.count, text: text.count + newer.text.count)
        draft.depth = max(depth, newer.depth)
        let text = text
        let bytes = text.span
        for entry in entries where newer.match(bytes.extracting(entry.match.key.range), hash: entry.hash) == nil {
            draft.copy(entry, text)
        }
        for entry in newer.entries where keepsGone || !entry.match.isGone { draft.copy(entry, newer.text) }
        return RouteTable(draft)
    }

    /// A table that is being made.
    private struct Draft {
        var entries: [Entry] = []
        var text: [UInt8] = []
        var depth = 0

        init(entries count: Int, text size: Int) {
            entries.reserveCapacity(count)
            text.reserveCapacity(size)
        }

        mutating func add(_ key: RouteKey, _ route: Route?, isByHost: Bool) {
            let match = RouteMatch(route, key, isByHost: isByHost, start: text.count)
            entries.append(Entry(hash: PrefixHash.of(key.text.utf8), match: match))
            depth = max(depth, key.segments)
            text.append(contentsOf: key.text.utf8)
            guard let route else { return }
            text.append(contentsOf: route.target.path.utf8)
            text.append(contentsOf: route.target.query.utf8)
            text.append(contentsOf: route.target.authority.utf8)
            text.append(contentsOf: route.access.utf8)
        }

        mutating func copy(_ entry: Entry, _ source: [UInt8]) {
            entries.append(Entry(hash: entry.hash, match: entry.match.moved(to: text.count)))
            text.append(contentsOf: source[entry.match.texts.range])
        }
    }
}
