internal import OrreryWire

/// All routes of one moment: a large table, and a small one with what has changed since that was made. A change thus
/// costs the size of the small one, whatever the number of routes.
final class RouteSnapshot: Sendable {
    let base: RouteTable
    let delta: RouteTable
    /// The route `/`, which every path has in common.
    private let root: RouteMatch?

    init(base: RouteTable, delta: RouteTable) {
        self.base = base
        self.delta = delta
        let slash: [UInt8] = [UInt8(ascii: "/")]
        root = Self.find(slash.span, hash: PrefixHash.of(slash), base, delta)
    }

    /// The longest prefix of `path` that has a route, or nil. Compares whole segments: `/user/ann` does not match
    /// `/user/anna`. `path` begins with a slash, or is empty. Never allocates; one walk along the path.
    func route(for path: Span<UInt8>) -> RouteMatch? {
        var hash = PrefixHash()
        hash.add(UInt8(ascii: "/"))
        var best = root
        let limit = max(base.depth, delta.depth)
        var depth = 0
        var index = 1
        while index < path.count, depth < limit {
            let byte = path[index]
            if byte == UInt8(ascii: "/") {
                if let found = Self.find(path.extracting(first: index), hash: hash.value, base, delta) { best = found }
                depth += 1
            }
            hash.add(byte)
            index += 1
        }
        if depth < limit, path.count > 1, let found = Self.find(path, hash: hash.value, base, delta) { best = found }
        return best
    }

    /// What the small table says, the large one being older.
    private static func find(
        _ prefix: Span<UInt8>, hash: UInt64, _ base: RouteTable, _ delta: RouteTable
    ) -> RouteMatch? {
        if let entry = delta.entry(prefix, hash: hash) {
            var match = entry.match
            match?.isDelta = true
            return match
        }
        return base.entry(prefix, hash: hash)?.match
    }

    /// Appends a text that a match of this snapshot names.
    func append(_ slice: Slice, of match: RouteMatch, to buffer: inout Buffer) {
        let text = match.isDelta ? delta.text : base.text
        buffer.append(text.span.extracting(slice.range))
    }
}
