/// What waits for the hub. Letters of strangers lie on a shelf of their own, so that whoever may dial cannot put out what
/// members say; the two take turns.
struct LetterShelves {
    enum Kind { case members, strangers }

    struct Batch {
        let kind: Kind
        let entries: [LetterShelf.Entry]
    }

    private var members = LetterShelf(most: 4096, mostBytes: 32 << 20)
    private var strangers = LetterShelf(most: 512, mostBytes: 2 << 20)
    private var last = Kind.strangers

    var count: Int { members.entries.count + strangers.entries.count }

    /// Keeps a letter; how many had to go for it. What a connection said as a stranger goes before what it says as a member.
    mutating func put(_ letter: Postman.Letter) -> Int {
        letter.isStranger || strangers.holds(letter.connection) ? strangers.put(letter) : members.put(letter)
    }

    /// What goes next; nil when nothing waits.
    mutating func next() -> Batch? {
        for kind in last == .members ? [Kind.strangers, .members] : [.members, .strangers] {
            let entries = kind == .members ? members.batch() : strangers.batch()
            if !entries.isEmpty {
                last = kind
                return Batch(kind: kind, entries: entries)
            }
        }
        return nil
    }

    /// Says what became of a batch; how many letters are given up for it.
    mutating func settle(_ batch: Batch, _ outcome: LetterShelf.Outcome) -> Int {
        switch batch.kind {
        case .members: members.settle(batch.entries, outcome)
        case .strangers: strangers.settle(batch.entries, outcome)
        }
    }
}
