/// The keys by which proxies are known: those of the join string, for good, and those that believed proxies have named
/// beside, as long as they are named again and again.
///
/// Proxies without a certificate make another key whenever they lose theirs: without an end the list would be full one day,
/// and no new proxy believed.
struct ProxyPins {
    private let given: [[UInt8]]
    /// The one that was named last is the last.
    private var named: [(pin: [UInt8], at: Int64)] = []

    /// Most that are kept beside those of the join string; the one that was named longest ago goes first.
    static let limit = 64
    /// For how many seconds nobody has to name one: a proxy may be switched off for a week.
    static let memory: Int64 = 14 * 86_400

    init(_ given: [[UInt8]]) { self.given = given }

    /// Empty only where the join string has none: then proxies are judged by authorities, and nothing is learnt.
    var all: [[UInt8]] { given + named.map(\.pin) }

    /// These are named now. Whether other keys are believed from now on.
    mutating func hear(_ pins: some Sequence<[UInt8]>, at now: Int64) -> Bool {
        guard !given.isEmpty else { return false }
        let before = Set(all)
        for pin in pins.prefix(Self.limit) where !given.contains(pin) {
            named.removeAll { $0.pin == pin }
            named.append((pin, now))
        }
        named.removeAll { now - $0.at > Self.memory }
        named = Array(named.suffix(Self.limit))
        return Set(all) != before
    }
}
