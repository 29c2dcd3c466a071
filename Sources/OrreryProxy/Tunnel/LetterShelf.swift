internal import OrreryLink

/// Letters that wait for the hub, in the order in which they came, and no more than there is room for: then the oldest go of
/// the key that has most, so that nobody puts out what others say.
///
/// Pure: it is told what became of a batch. A letter that the hub does not take is found by sending those of its batch one
/// at a time, and then goes, so that the others go on.
struct LetterShelf {
    enum Outcome {
        case taken
        /// The hub finds it wrong, and would again.
        case refused
        /// The hub failed at it, and may not the next time.
        case failed
        /// Nobody has heard it.
        case away
    }

    struct Entry {
        let number: UInt64
        let letter: Postman.Letter
        var failures = 0
    }

    /// How often the hub may fail at one letter.
    static let patience = 5
    let most: Int
    let mostBytes: Int
    private(set) var entries: [Entry] = []
    private(set) var bytes = 0
    /// What each key has of both.
    private var shares: [KeyID: (count: Int, bytes: Int)] = [:]
    private var lastNumber: UInt64 = 0
    /// One of these is what the hub does not take.
    private var suspects: Set<UInt64> = []

    init(most: Int, mostBytes: Int) { (self.most, self.mostBytes) = (most, mostBytes) }

    func holds(_ connection: UInt64) -> Bool { entries.contains { $0.letter.connection == connection } }

    /// Keeps a letter; how many had to go for it. Of beats only the latest of each connection is kept.
    mutating func put(_ letter: Postman.Letter) -> Int {
        if letter.frame.type == "beat" {
            remove { $0.letter.connection == letter.connection && $0.letter.frame.type == "beat" }
        }
        lastNumber += 1
        entries.append(Entry(number: lastNumber, letter: letter))
        count(letter, 1)
        let before = entries.count
        while entries.count > most { dropOldest { $0.count } }
        while bytes > mostBytes, entries.count > 1 { dropOldest { $0.bytes } }
        return before - entries.count
    }

    /// Lets the oldest go of the key that has most.
    private mutating func dropOldest(by weight: ((count: Int, bytes: Int)) -> Int) {
        let most = shares.values.map(weight).max() ?? 0
        guard let index = entries.firstIndex(where: { shares[$0.letter.key].map(weight) == most }) else { return }
        count(entries.remove(at: index).letter, -1)
    }

    /// Counts a letter that comes, or one that goes.
    private mutating func count(_ letter: Postman.Letter, _ sign: Int) {
        bytes += sign * letter.bytes
        let share = shares[letter.key] ?? (0, 0)
        let now = (count: share.count + sign, bytes: share.bytes + sign * letter.bytes)
        shares[letter.key] = now.count > 0 ? now : nil
    }

    /// What goes next: as many as may go at once, or one while it is sought which of them it is.
    mutating func batch() -> [Entry] {
        if let suspect = entries.first(where: { suspects.contains($0.number) }) { return [suspect] }
        suspects = []
        var bytes = 0
        let count = entries.prefix(Postman.batch).prefix { entry in
            defer { bytes += entry.letter.bytes }
            return bytes < Postman.batchBytes
        }.count
        return Array(entries.prefix(count))
    }

    /// Says what became of a batch; how many letters are given up for it.
    mutating func settle(_ batch: [Entry], _ outcome: Outcome) -> Int {
        let numbers = Set(batch.map(\.number))
        switch outcome {
        case .away: return 0
        case .taken:
            remove { numbers.contains($0.number) }
            suspects.subtract(numbers)
            return 0
        case .refused, .failed:
            guard batch.count == 1, let number = numbers.first else {
                suspects = numbers
                return 0
            }
            guard outcome == .refused || fails(number) else { return 0 }
            let before = entries.count
            remove { $0.number == number }
            suspects.remove(number)
            return before - entries.count
        }
    }

    /// Counts a failure. True when it was one too many.
    private mutating func fails(_ number: UInt64) -> Bool {
        guard let index = entries.firstIndex(where: { $0.number == number }) else { return false }
        entries[index].failures += 1
        return entries[index].failures >= Self.patience
    }

    private mutating func remove(_ isMeant: (Entry) -> Bool) {
        var kept: [Entry] = []
        for entry in entries { if isMeant(entry) { count(entry.letter, -1) } else { kept.append(entry) } }
        entries = kept
    }
}
