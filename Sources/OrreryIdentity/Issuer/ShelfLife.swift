import Foundation

/// When to fetch a document again and how long to go on with the old one. Decides only; `Shelf` acts.
///
/// A good document is replaced by a good one and by nothing else: while fetching fails it stays in use, for two days
/// after it came. A key that a good new set no longer has stops working at once.
struct ShelfLife<Value> {
    private(set) var value: Value?
    private var fetchedAt = Date.distantPast
    private var freshness: TimeInterval = 0
    private var failure: (error: IdentityError, at: Date)?
    private var newerAt = Date.distantPast

    /// How long a document may be used although no newer one can be had.
    static var endurance: TimeInterval { 2 * 86400 }
    /// How long a failure is remembered instead of asking again, without a document and with one.
    static var patience: TimeInterval { 10 }
    static var refreshPatience: TimeInterval { 60 }
    /// How long an answer shows that the issuer is there.
    static var presence: TimeInterval { 3 }
    /// Between two fetches because of an unknown key. Always the same: were it to grow while asking does not help, whoever
    /// sends made-up keys could keep a new one from being seen.
    static var newerPause: TimeInterval { 60 }

    enum Decision {
        case use(Value)
        /// Use it now and fetch a newer one meanwhile.
        case useAndFetch(Value)
        case fetch
        case refuse(IdentityError)
    }

    func decision(at now: Date) -> Decision {
        let age = now.timeIntervalSince(fetchedAt)
        if let value, age < Self.endurance {
            return (0..<freshness).contains(age) || failure(within: Self.refreshPatience, at: now) != nil
                ? .use(value) : .useAndFetch(value)
        }
        return failure(within: Self.patience, at: now).map { .refuse($0) } ?? .fetch
    }

    /// As `decision`, for a person who is about to be sent there: an issuer that has not answered just now is asked
    /// first, because nobody there could tell the person that it is away.
    func decisionBeforeDeparture(at now: Date) -> Decision {
        if let value, (0..<Self.presence).contains(now.timeIntervalSince(fetchedAt)) { return .use(value) }
        return failure(within: Self.patience, at: now).map { .refuse($0) } ?? .fetch
    }

    /// Why fetching failed, when that was less than `patience` ago. A clock that was set back must not make us wait until it has caught
    /// up.
    private func failure(within patience: TimeInterval, at now: Date) -> IdentityError? {
        failure.flatMap { (0..<patience).contains(now.timeIntervalSince($0.at)) ? $0.error : nil }
    }

    /// Whether a token with an unknown key is worth a fetch: at most one in a minute, and so a new key is known a minute
    /// after it is published.
    mutating func mayFetchNewer(at now: Date) -> Bool {
        // Here too the clock may have been set back.
        guard !(0..<Self.newerPause).contains(now.timeIntervalSince(newerAt)) else { return false }
        newerAt = now
        return true
    }

    /// True when this ends a time of failure.
    mutating func arrived(_ value: Value, freshFor freshness: Duration, at now: Date) -> Bool {
        defer { failure = nil }
        self.value = value
        self.freshness = TimeInterval(freshness.components.seconds)
        fetchedAt = now
        return failure != nil
    }

    /// True when this begins a time of failure.
    mutating func failed(_ error: IdentityError, at now: Date) -> Bool {
        defer { failure = (error, now) }
        return failure == nil
    }
}
