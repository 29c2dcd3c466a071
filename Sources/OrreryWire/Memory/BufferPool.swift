// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every request.

/// Buffers of three sizes, kept for the next who needs one.
///
/// A connection has buffers only while bytes wait in it, so a pool's size follows what is stuck, not how many are
/// connected. Of each size a bounded number is kept; what comes back beyond that is freed, and so is a buffer that was
/// not taken from here and has another size.
///
/// Concurrency: belongs to one thread.
public struct BufferPool: ~Copyable {
    @usableFromInline var small: Shelf
    @usableFromInline var medium: Shelf
    @usableFromInline var large: Shelf

    @inlinable public static var largeCapacity: Int { 128 << 10 }

    public init() {
        small = Shelf(capacity: 4 << 10, limit: 256)
        medium = Shelf(capacity: 16 << 10, limit: 64)
        large = Shelf(capacity: Self.largeCapacity, limit: 16)
    }

    /// An empty buffer with `room` bytes free in front and at least `count` after. One of more than
    /// `largeCapacity` in all is allocated, and freed when it comes back.
    @inlinable public mutating func buffer(for count: Int, room: Int = 0) -> Buffer {
        if count + room <= small.capacity { return small.take(room: room) }
        if count + room <= medium.capacity { return medium.take(room: room) }
        if count + room <= large.capacity { return large.take(room: room) }
        return Buffer(capacity: count + room, room: room)
    }

    /// An empty buffer of `largeCapacity`, with `room` bytes free in front.
    @inlinable public mutating func largeBuffer(room: Int = 0) -> Buffer { large.take(room: room) }

    /// Gives a buffer back. Its bytes are forgotten.
    @inlinable public mutating func recycle(_ buffer: consuming Buffer) {
        switch buffer.capacity {
        case large.capacity: large.put(buffer)
        case small.capacity: small.put(buffer)
        case medium.capacity: medium.put(buffer)
        default: break
        }
    }
}
