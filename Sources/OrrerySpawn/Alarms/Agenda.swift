/// What is to happen when, the earliest first: a binary heap. Two things at one time come in any order.
struct Agenda<Item> {
    private var heap: [(time: Duration, item: Item)] = []

    var first: (time: Duration, item: Item)? { heap.first }

    mutating func add(_ item: Item, at time: Duration) {
        heap.append((time, item))
        var place = heap.count - 1
        while place > 0, heap[place].time < heap[(place - 1) / 2].time {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    var count: Int { heap.count }

    /// Keeps only the items that `isWanted` says.
    mutating func keep(_ isWanted: (Item) -> Bool) {
        let wanted = heap.filter { isWanted($0.item) }
        heap = []
        for (time, item) in wanted { add(item, at: time) }
    }

    mutating func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while let child = earlierChild(of: place), heap[child].time < heap[place].time {
            heap.swapAt(place, child)
            place = child
        }
    }

    private func earlierChild(of place: Int) -> Int? {
        let (left, right) = (2 * place + 1, 2 * place + 2)
        guard left < heap.count else { return nil }
        return right < heap.count && heap[right].time < heap[left].time ? right : left
    }
}
