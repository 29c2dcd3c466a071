/// A place for one buffer that waits, in one word: connections have several of these, and there are many connections.
@safe public struct Parking: ~Copyable {
    @usableFromInline var memory: UnsafeMutableRawPointer?

    public init() { unsafe memory = nil }

    deinit {
        // Nobody took it, so it is ours to free.
        if let memory = unsafe memory { _ = unsafe Buffer(parked: memory) }
    }

    @inlinable public var isEmpty: Bool { unsafe memory == nil }

    /// Puts a buffer in. The place must be empty.
    @inlinable public mutating func put(_ buffer: consuming Buffer) {
        precondition(isEmpty, "a buffer would be put over another one that waits")
        unsafe memory = buffer.park()
    }

    /// Takes the buffer out; nil when there is none.
    @inlinable @inline(__always) public mutating func take() -> Buffer? {
        guard let parked = unsafe memory else { return nil }
        unsafe memory = nil
        return unsafe Buffer(parked: parked)
    }
}
