// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every request.

/// Buffers of one size, last put first taken; at most `limit` of them.
///
/// They are a list whose links lie in the buffers' own memory, so that the shelf is three numbers and taking and putting
/// each cost a few loads and stores.
@safe public struct Shelf: ~Copyable {
    @usableFromInline let capacity: Int
    @usableFromInline let limit: Int
    @usableFromInline var kept = 0
    @usableFromInline var first: UnsafeMutableRawPointer?

    init(capacity: Int, limit: Int) {
        self.capacity = capacity
        self.limit = limit
        unsafe first = nil
    }

    deinit {
        // What lies here is nobody else's, so it is ours to free.
        var next = unsafe first
        while let memory = unsafe next { _ = unsafe Buffer(shelved: memory, capacity: capacity, room: 0, next: &next) }
    }

    // Always inlined, as is `Parking.take`: a buffer is three numbers, which otherwise go by way of memory.
    @inlinable @inline(__always) mutating func take(room: Int) -> Buffer {
        guard let memory = unsafe first else { return Buffer(capacity: capacity, room: room) }
        kept -= 1
        return unsafe Buffer(shelved: memory, capacity: capacity, room: room, next: &first)
    }

    @inlinable mutating func put(_ buffer: consuming Buffer) {
        precondition(buffer.capacity == capacity, "a buffer would be put on a shelf of another size")
        guard kept < limit else { return }
        kept += 1
        unsafe first = buffer.shelve(before: first)
    }
}
