import OrrerySpawn

/// The proxies that follow a feed just now, and who waits for them. Part of the feed's book, under its lock.
struct Followers {
    struct Follower {
        /// As it calls itself. Two answers to one name are never counted: the older connection is dead.
        let name: String
        /// Where agents of clusters may dial it.
        let door: AgentDoor?
        /// Up to which change everything is in force there.
        var inForce: UInt64?
        /// Somebody has waited for it in vain; it is not waited for until it has caught up.
        var isLate = false
        let wake: AsyncStream<Void>.Continuation
    }

    private(set) var all: [Int: Follower] = [:]
    /// Who waits until a change is in force everywhere.
    private var waiters: [Int: (number: UInt64, word: FirstWord<Bool>)] = [:]
    private var last = 0

    /// Tells every follower that there is something new.
    func wakeAll() { for follower in all.values { follower.wake.yield() } }

    /// Where agents may dial those that follow, in order.
    var doors: [AgentDoor] { Set(all.values.compactMap(\.door)).sorted { $0.address < $1.address } }

    mutating func add(_ name: String, door: AgentDoor? = nil) -> (id: Int, wakes: AsyncStream<Void>) {
        let former = all.filter { $0.value.name == name }.keys
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        last += 1
        all[last] = Follower(name: name, door: door, wake: wake)
        // Afterwards: without either of the two, what it has not got yet would count as in force everywhere.
        for id in former { remove(id) }
        return (last, wakes)
    }

    mutating func remove(_ id: Int) {
        guard let follower = all.removeValue(forKey: id) else { return }
        follower.wake.finish()
        tellWaiters()
    }

    /// Everything up to `number` is in force at the follower called `name`.
    mutating func report(_ name: String, _ number: UInt64) {
        for (id, follower) in all where follower.name == name {
            all[id]?.inForce = max(number, follower.inForce ?? 0)
            all[id]?.isLate = false
        }
        tellWaiters()
    }

    // MARK: Waiting

    /// Where a change is in force.
    enum Spread: Equatable, Sendable {
        case everywhere
        case nobody
        /// Not yet at some, and they are not known for being late.
        case underway
    }

    func spread(of number: UInt64) -> Spread {
        if all.isEmpty { return .nobody }
        let isAwaited = all.values.contains {
            !$0.isLate && ($0.inForce ?? 0) < number || !$0.isLate && $0.inForce == nil
        }
        guard !isAwaited else { return .underway }
        // All are late: then nobody serves what was asked for.
        return all.values.contains { ($0.inForce ?? 0) >= number && $0.inForce != nil } ? .everywhere : .nobody
    }

    /// Waits no more for those that have not got as far as `number`; gives their names.
    mutating func giveUp(on number: UInt64) -> [String] {
        var names: [String] = []
        for (id, follower) in all where !follower.isLate && (follower.inForce.map { $0 < number } ?? true) {
            all[id]?.isLate = true
            names.append(follower.name)
        }
        return names
    }

    /// Says true to `word` once the change is in force everywhere.
    mutating func addWaiter(for number: UInt64, _ word: FirstWord<Bool>) -> Int {
        last += 1
        waiters[last] = (number, word)
        if spread(of: number) == .everywhere { word.say(true) }
        return last
    }

    mutating func removeWaiter(_ id: Int) { waiters[id] = nil }

    private func tellWaiters() {
        for (number, word) in waiters.values where spread(of: number) == .everywhere { word.say(true) }
    }
}
