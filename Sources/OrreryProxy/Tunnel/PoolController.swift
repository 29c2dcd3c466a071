/// Decides how many data connections of a cluster shall wait. Pure: it is told when one was asked for.
///
/// A connection that is missing costs about two and a half round trips until it is there, after the pause that agents make
/// before they dial another one. So as many shall wait as are asked for in that time, by the rate of the last minute or by
/// the largest burst of the last five.
struct PoolController {
    static let least = 4
    static let leastInUse = 16
    static let most = 256

    /// Opens of the last refill time, oldest first.
    private var recent: [UInt64] = []
    /// Opens a second; rises at once and halves in about forty seconds.
    private var rate = 0.0
    private var rateMoment: UInt64 = 0
    private var second: UInt64 = 0
    private var inSecond = 0.0
    /// The largest number of opens within a refill time, for each of the last thirty pieces of ten seconds.
    private var bursts = [Int](repeating: 0, count: 30)
    private var piece: UInt64 = 0
    private var lastOpen: UInt64?

    /// How long a connection takes to come, in milliseconds.
    static func refill(roundTrip: Double) -> Double { 2.5 * roundTrip + 35 }

    /// A connection was asked for at `now`, in milliseconds.
    mutating func opened(at now: UInt64, roundTrip: Double) {
        let window = UInt64(Self.refill(roundTrip: roundTrip))
        recent.append(now)
        if let first = recent.firstIndex(where: { $0 + window >= now }), first > 0 { recent.removeFirst(first) }
        turn(to: now)
        bursts[Int(piece % 30)] = max(bursts[Int(piece % 30)], recent.count)
        if now / 1000 != second { (second, inSecond) = (now / 1000, 0) }
        inSecond += 1
        rate = max(decayed(at: now), inSecond)
        rateMoment = now
        lastOpen = now
    }

    /// How many shall wait. `isInUse`: sessions run there.
    mutating func target(at now: UInt64, roundTrip: Double, isInUse: Bool) -> Int {
        turn(to: now)
        let demand = decayed(at: now) * Self.refill(roundTrip: roundTrip) / 1000
        let burst = Double(bursts.max() ?? 0)
        let wanted = Int((1.5 * max(demand, burst)).rounded(.up))
        let wasUsed = lastOpen.map { now < $0 + 300_000 } ?? false
        return min(max(wanted, isInUse || wasUsed ? Self.leastInUse : Self.least), Self.most)
    }

    private func decayed(at now: UInt64) -> Double {
        var rate = rate
        // Three seconds at a time are exact enough, and need no exponential function.
        var left = Double(now - min(rateMoment, now)) / 60_000
        while left > 0 {
            rate *= max(0, 1 - min(left, 0.05))
            left -= 0.05
            if rate < 0.01 { return 0 }
        }
        return rate
    }

    private mutating func turn(to now: UInt64) {
        let current = now / 10_000
        if current >= piece + 30 { bursts = [Int](repeating: 0, count: 30) }
        while piece < current {
            piece = max(piece + 1, current >= 30 ? current - 29 : 0)
            bursts[Int(piece % 30)] = 0
        }
    }
}
