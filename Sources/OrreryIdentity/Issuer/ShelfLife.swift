import Foundation

/// When to fetch a document again and how long to go on with the old one. Decides only; `Shelf` acts.
///
/// A good document is replaced by a good one and by nothing else: while fetching fails it stays in use, for two days
/// after it came. A key that a good new set no longer has stops working at once.
struct ShelfLife<Value> {
    private var value: Value?
    private var fetchedAt = Date.distantPast
    private var freshness: TimeInterval = 0
    private var failure: (error: IdentityError, at: Date)?
    private var newerAt = Date.distantPast
    private var newerPause = Self.shortestPause

    /// How long a document may be used although no newer one can be had.
    static var endurance: TimeInterval { 2 * 86400 }
    /// How long a failure is remembered instead of asking again, without a document and with one.
    static var patience: TimeInterval { 10 }
    static var refreshPatience: TimeInterval { 60 }
    /// How long an answer shows that the issuer is there.
    static var presence: TimeInterval { 3 }
    /// Between two fetches because of an unknown key.
    static var shortestPause: TimeInterval { 60 }
    static var longestPause: TimeInterval { 600 }

    enum Decision {
        case use(Value)
        /// Use it now and fetch a newer one meanwhile.
        case useAndFetch(Value)
        case fetch
        case refuse(IdentityError)
    }

    func decision(at now: Date) -> Decision {
        let sinceFailure = failure.map { now.timeIntervalSince($0.at) } ?? .infinity
        let age = now.timeIntervalSince(fetchedAt)
        if let value, age < Self.endurance {
            return age < freshness || sinceFailure < Self.refreshPatience ? .use(value) : .useAndFetch(value)
        }
        guard let failure, sinceFailure < Self.patience else { return .fetch }
        return .refuse(failure.error)
    }

    /// As `decision`, for a person who is about to be sent there: an issuer that has not answered just now is asked
    /// first, because nobody there could tell the person that it is away.
    func decisionBeforeDeparture(at now: Date) -> Decision {
        if let value, now.timeIntervalSince(fetchedAt) < Self.presence { return .use(value) }
        guard let failure, now.timeIntervalSince(failure.at) < Self.patience else { return .fetch }
        return .refuse(failure.error)
    }

    /// Whether a token with an unknown key is worth a fetch. Each one that does not help doubles the pause.
    mutating func mayFetchNewer(at now: Date) -> Bool {
        guard now.timeIntervalSince(newerAt) >= newerPause else { return false }
        if newerAt != .distantPast { newerPause = min(newerPause * 2, Self.longestPause) }
        newerAt = now
        return true
    }

    mutating func newerHelped() { newerPause = Self.shortestPause }

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
