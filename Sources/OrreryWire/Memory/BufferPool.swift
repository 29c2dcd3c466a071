/// Buffers of three sizes, kept for the next who needs one.
///
/// A connection has buffers only while bytes wait in it, so a pool's size follows what is stuck, not how many are
/// connected. Of each size a bounded number is kept; what comes back beyond that is freed.
///
/// Concurrency: belongs to one thread.
package struct BufferPool: ~Copyable {
    private var small: Shelf
    private var medium: Shelf
    private var large: Shelf

    package static let largeCapacity = 128 << 10

    package init() {
        small = Shelf(capacity: 4 << 10, limit: 256)
        medium = Shelf(capacity: 16 << 10, limit: 64)
        large = Shelf(capacity: Self.largeCapacity, limit: 16)
    }

    /// An empty buffer with `room` bytes free in front and at least `count` after; at most `largeCapacity` in all.
    package mutating func buffer(for count: Int, room: Int = 0) -> Buffer {
        precondition(count + room <= Self.largeCapacity)
        if count + room <= small.capacity { return small.take(room: room) }
        if count + room <= medium.capacity { return medium.take(room: room) }
        return large.take(room: room)
    }

    /// Gives a buffer back. Its bytes are forgotten.
    package mutating func recycle(_ buffer: consuming Buffer) {
        switch buffer.capacity {
        case small.capacity: small.put(buffer)
        case medium.capacity: medium.put(buffer)
        default: large.put(buffer)
        }
    }
}

/// Buffers of one size.
struct Shelf: ~Copyable {
    let capacity: Int
    private let limit: Int
    private var kept: Int = 0
    private var slots: Slab<Buffer?>

    init(capacity: Int, limit: Int) {
        self.capacity = capacity
        self.limit = limit
        slots = Slab(capacity: UInt32(limit))
        for _ in 0..<limit { _ = slots.add { nil } }
    }

    mutating func take(room: Int) -> Buffer {
        guard kept > 0 else { return Buffer(capacity: capacity, room: room) }
        kept -= 1
        guard var buffer = slots[UInt32(kept)].take() else { return Buffer(capacity: capacity, room: room) }
        buffer.reset(room: room)
        return buffer
    }

    mutating func put(_ buffer: consuming Buffer) {
        guard kept < limit else { return }
        slots[UInt32(kept)] = consume buffer
        kept += 1
    }
}
