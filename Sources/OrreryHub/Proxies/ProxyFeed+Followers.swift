import OrreryModel
import OrrerySpawn
import Synchronization

/// Who follows, and how far.
extension ProxyFeed {
    /// Adds a follower. Its stream gives an element whenever there may be something new, and ends when another connection
    /// has come under the same name.
    func join(_ name: String, door: AgentDoor? = nil) -> (id: Int, wakes: AsyncStream<Void>) {
        book.withLock { book in
            defer { nameDoors(&book) }
            return book.followers.add(name, door: door)
        }
    }

    func leave(_ id: Int) {
        book.withLock { book in
            book.followers.remove(id)
            nameDoors(&book)
        }
    }

    /// Agents dial all proxies that there are, so each proxy has to know the others.
    private func nameDoors(_ book: inout Book) {
        guard book.doors != book.followers.doors else { return }
        book.doors = book.followers.doors
        _ = append(Self.line(book.doors), to: &book)
    }

    static func line(_ doors: [AgentDoor]) -> JSON {
        [
            "peers": .array(doors.map { .string($0.address) }),
            "pins": .array(Set(doors.flatMap(\.pins)).sorted().map { .string($0) }),
        ]
    }

    /// Whether anybody follows and is not late.
    var isFollowed: Bool { book.withLock { $0.followers.all.values.contains { !$0.isLate } } }

    func report(_ name: String, _ position: Position) {
        guard position.epoch == epoch else { return }
        book.withLock { $0.followers.report(name, position.number) }
    }

    /// How the waiting for a change ended.
    enum Arrival: Equatable, Sendable {
        case everywhere
        /// Nobody has come to follow.
        case nobody
        /// These are behind; all others have it.
        case late([String])
    }

    /// Waits until the change is in force at every proxy that follows. One that lets it wait for `patience` is late, and
    /// is not waited for again before it has caught up. When nobody follows, somebody is waited for, for `absence`.
    func arrival(of number: UInt64, patience: Duration, absence: Duration) async -> Arrival {
        let word = FirstWord<Bool>()
        let (id, isAlone) = book.withLock { book in
            (book.followers.addWaiter(for: number, word), book.followers.spread(of: number) == .nobody)
        }
        let end = deadlines.set(after: isAlone ? absence : patience) { word.say(false) }
        let isEverywhere = await word.heard(otherwise: false)
        deadlines.forget(end)
        return book.withLock { book in
            book.followers.removeWaiter(id)
            guard !isEverywhere else { return .everywhere }
            let late = book.followers.giveUp(on: number)
            return book.followers.spread(of: number) == .nobody && late.isEmpty ? .nobody : .late(late)
        }
    }
}
