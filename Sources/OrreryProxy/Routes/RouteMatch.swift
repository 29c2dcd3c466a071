internal import OrreryWire

/// What a request finds: where it goes, and what to note about it. Plain numbers, in one line of a processor's cache
/// with the hash it is found by.
struct RouteMatch: Sendable {
    private let place: Endpoint
    let activity: ActivityBook.Cell
    /// Where its texts are in those of its table, one behind the other: key, base, query, authority,
    /// access.
    private let start: UInt32
    private let accessCount: UInt32
    private let keyCount: UInt16
    private let baseCount: UInt16
    private let queryCount: UInt16
    private let authorityCount: UInt16
    private let segmentCount: UInt16
    private let traits: Traits
    private(set) var origin = Origin.large

    /// Which table of a snapshot it was found in.
    enum Origin: UInt8, Sendable { case large, medium, small }

    private struct Traits: OptionSet {
        let rawValue: UInt8

        static let hasAddress = Traits(rawValue: 1)
        static let isHub = Traits(rawValue: 2)
        static let isGone = Traits(rawValue: 4)
    }

    /// Of `route`, or for nil of one that is gone. Its texts begin at `start`.
    init(_ route: Route?, _ key: RouteKey, isByHost: Bool, start: Int) {
        place = route?.endpoint ?? Endpoint(.none)
        activity = route?.activity ?? ActivityBook.Cell(index: .max, generation: 0)
        self.start = UInt32(start)
        keyCount = UInt16(key.text.utf8.count)
        baseCount = UInt16(route?.target.path.utf8.count ?? 0)
        queryCount = UInt16(route?.target.query.utf8.count ?? 0)
        authorityCount = UInt16(route?.target.authority.utf8.count ?? 0)
        accessCount = UInt32(route?.access.utf8.count ?? 0)
        segmentCount = UInt16(max(0, key.segments - (isByHost ? 1 : 0)))
        var traits: Traits = key.isHub(byHost: isByHost) ? .isHub : []
        if route?.endpoint != nil { traits.insert(.hasAddress) }
        if route == nil { traits.insert(.isGone) }
        self.traits = traits
    }

    private init(_ other: RouteMatch, start: Int) {
        place = other.place
        activity = other.activity
        self.start = UInt32(start)
        (accessCount, keyCount, baseCount) = (other.accessCount, other.keyCount, other.baseCount)
        (queryCount, authorityCount) = (other.queryCount, other.authorityCount)
        (segmentCount, traits) = (other.segmentCount, other.traits)
    }

    /// The same with its texts elsewhere.
    func moved(to start: Int) -> RouteMatch { RouteMatch(self, start: start) }

    func from(_ origin: Origin) -> RouteMatch {
        var match = self
        match.origin = origin
        return match
    }
}

extension RouteMatch {
    /// Where it leads. Nil while the target's name has no address.
    var endpoint: Endpoint? { traits.contains(.hasAddress) ? place : nil }
    /// The hub's own pages: open to somebody who is logged out.
    var isHub: Bool { traits.contains(.isHub) }
    /// There is no route any more, whatever older tables say.
    var isGone: Bool { traits.contains(.isGone) }
    /// How many bytes its key has.
    var prefix: Int { Int(keyCount) }
    /// How many segments its key has besides the host, which are the first of every path that it matches.
    var segments: Int { Int(segmentCount) }

    var key: Slice { Slice(Int(start), Int(start) + Int(keyCount)) }
    /// The path of the target, what it puts before every query (without question mark), and its `host:port`.
    var base: Slice { after(key, Int(baseCount)) }
    var query: Slice { after(base, Int(queryCount)) }
    var authority: Slice { after(query, Int(authorityCount)) }
    /// Whether it is asked who they are.
    var isGated: Bool { accessCount != 0 }
    /// The names of those who may pass, a line each. Empty: nobody is asked who they are.
    var access: Slice { after(authority, Int(accessCount)) }
    /// All texts.
    var texts: Slice { Slice(Int(start), Int(access.end)) }

    private func after(_ slice: Slice, _ count: Int) -> Slice { Slice(Int(slice.end), Int(slice.end) + count) }
}
