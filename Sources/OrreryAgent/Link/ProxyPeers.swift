/// The proxies that an agent dials: the one that its join string names, and those that proxies have named beside themselves.
///
/// A proxy's word must not make the agent knock anywhere at its site: others are dialled by name, at the port of the join string,
/// and few of them. By an address only where the join string has one itself.
struct ProxyPeers {
    private let first: ProxyPlace
    private var named: [ProxyPlace: [ProxyPlace]] = [:]

    /// Most that are dialled beside the first.
    static let limit = 16

    init(_ first: ProxyPlace) { self.first = first }

    /// All that the first one leads to, itself first: two that name each other are not reason enough.
    var all: [ProxyPlace] {
        var all = [first]
        var next = 0
        while next < all.count {
            for place in named[all[next]] ?? [] where all.count <= Self.limit && !all.contains(place) {
                all.append(place)
            }
            next += 1
        }
        return all
    }

    /// What `place` has named, in the place of what it named before. Whoever nobody names any more is asked no longer.
    mutating func hear(_ texts: [String], from place: ProxyPlace) {
        named[place] = texts.prefix(Self.limit).compactMap { ProxyPlace($0) }.filter(isAllowed)
        let dialled = all
        named = named.filter { dialled.contains($0.key) }
    }

    private func isAllowed(_ place: ProxyPlace) -> Bool {
        place.port == first.port && (place.isNamed || !first.isNamed)
    }
}

extension ProxyPlace {
    /// Whether the host is a name that is not this machine's own. The last part of an address in any notation begins with a digit.
    fileprivate var isNamed: Bool {
        guard !host.utf8.contains(UInt8(ascii: ":")) else { return false }
        let labels = host.utf8.split(separator: UInt8(ascii: "."))
        guard let last = labels.last, let first = last.first else { return false }
        return (first | 0x20) &- 97 < 26 && !last.map({ $0 | 0x20 }).elementsEqual("localhost".utf8)
    }
}
