internal import OrreryWire

/// All routes of one moment, in three tables: a large one, one of what has changed since that was made, and a small one
/// of what has changed last. A change thus costs the size of the small one, and every so often that of the next.
final class RouteSnapshot: Sendable {
    private let large: RouteTable
    private let medium: RouteTable
    private let small: RouteTable
    /// The route `/`, which every path has in common.
    let fallback: RouteMatch?
    /// How many segments the longest key has.
    private let depth: Int

    init(large: RouteTable, medium: RouteTable, small: RouteTable) {
        self.large = large
        self.medium = medium
        self.small = small
        depth = max(large.depth, medium.depth, small.depth)
        let slash: [UInt8] = [UInt8(ascii: "/")]
        fallback = Self.find(slash.span, hash: PrefixHash.of(slash), large, medium, small)
    }

    /// The longest prefix of `path` that has a route, or nil. Compares whole segments: `/user/ann` does not match
    /// `/user/anna`. `path` begins with a slash, or is empty. Never allocates; one walk along the path.
    func route(for path: Span<UInt8>) -> RouteMatch? {
        var hash = PrefixHash()
        hash.add(UInt8(ascii: "/"))
        var best = fallback
        var level = 0
        var index = 1
        while index < path.count, level < depth {
            let byte = path[index]
            if byte == UInt8(ascii: "/") {
                if let found = find(path.extracting(first: index), hash: hash.value) { best = found }
                level += 1
            }
            hash.add(byte)
            index += 1
        }
        if level < depth, path.count > 1, let found = find(path, hash: hash.value) { best = found }
        return best
    }

    private func find(_ prefix: Span<UInt8>, hash: UInt64) -> RouteMatch? {
        Self.find(prefix, hash: hash, large, medium, small)
    }

    /// What the newest table says that knows the prefix: a route, or that it is gone.
    private static func find(
        _ prefix: Span<UInt8>, hash: UInt64, _ large: RouteTable, _ medium: RouteTable, _ small: RouteTable
    ) -> RouteMatch? {
        if let match = small.match(prefix, hash: hash) { return match.isGone ? nil : match.from(.small) }
        if let match = medium.match(prefix, hash: hash) { return match.isGone ? nil : match.from(.medium) }
        return large.match(prefix, hash: hash)
    }

    /// Appends a text that a match of this snapshot names.
    func append(_ slice: Slice, of match: RouteMatch, to buffer: inout Buffer) {
        read(slice, of: match) { buffer.append($0) }
    }

    /// A text that a match of this snapshot names, for as long as `body` runs.
    func read<Result>(_ slice: Slice, of match: RouteMatch, _ body: (Span<UInt8>) -> Result) -> Result {
        let table =
            switch match.origin {
            case .large: large
            case .medium: medium
            case .small: small
            }
        let text = table.text
        return body(text.span.extracting(slice.range))
    }
}
