internal import Glibc

// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// A piece of memory with bytes in its middle: free room before them, the bytes, free room after them.
///
/// Comes from a `BufferPool` and goes back there; one that is simply dropped frees its memory. In front of the memory is
/// room for the three numbers, so that a buffer which waits can be kept as one word: see `Parking` and `Shelf`. It is
/// `@frozen` because only of such may inlined code take the memory away.
@safe @frozen public struct Buffer: ~Copyable {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let capacityWord: UInt32
    @usableFromInline var startWord: UInt32
    @usableFromInline var endWord: UInt32

    /// An empty buffer with `room` bytes free in front.
    public init(capacity: Int, room: Int = 0) {
        guard let memory = unsafe malloc(Self.front + capacity) else { fatalError("no memory left for a buffer") }
        unsafe base = memory + Self.front
        capacityWord = UInt32(capacity)
        startWord = UInt32(room)
        endWord = UInt32(room)
    }

    deinit { unsafe free(base - Self.front) }

    /// Bytes in front of the memory, which keep its alignment.
    @inlinable static var front: Int { 16 }

    /// Writes the numbers in front of the memory, and gives up the buffer without freeing it.
    @inlinable consuming func park() -> UnsafeMutableRawPointer {
        let numbers = unsafe base - Self.front
        unsafe numbers.storeBytes(of: capacityWord, toByteOffset: 0, as: UInt32.self)
        unsafe numbers.storeBytes(of: startWord, toByteOffset: 4, as: UInt32.self)
        unsafe numbers.storeBytes(of: endWord, toByteOffset: 8, as: UInt32.self)
        let memory = unsafe base
        discard self
        return unsafe memory
    }

    /// The buffer that was parked at `memory`, which nobody else may take.
    @inlinable init(parked memory: UnsafeMutableRawPointer) {
        let numbers = unsafe memory - Self.front
        unsafe base = memory
        capacityWord = unsafe numbers.load(fromByteOffset: 0, as: UInt32.self)
        startWord = unsafe numbers.load(fromByteOffset: 4, as: UInt32.self)
        endWord = unsafe numbers.load(fromByteOffset: 8, as: UInt32.self)
    }

    /// Writes the link to the next buffer of a shelf in front of the memory, and gives up the buffer without freeing it.
    @inlinable consuming func shelve(before next: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer {
        let memory = unsafe base
        unsafe (memory - Self.front).storeBytes(of: next, as: UnsafeMutableRawPointer?.self)
        discard self
        return unsafe memory
    }

    /// The buffer that was shelved at `memory`, empty. Its `capacity` is that of the shelf; `next` becomes its link.
    @inlinable init(
        shelved memory: UnsafeMutableRawPointer, capacity: Int, room: Int, next: inout UnsafeMutableRawPointer?
    ) {
        precondition(room <= capacity)
        unsafe next = (memory - Self.front).load(as: UnsafeMutableRawPointer?.self)
        unsafe base = memory
        capacityWord = UInt32(truncatingIfNeeded: capacity)
        startWord = UInt32(truncatingIfNeeded: room)
        endWord = UInt32(truncatingIfNeeded: room)
    }

    @inlinable public var capacity: Int { Int(capacityWord) }
    /// Where the bytes begin.
    @inlinable public internal(set) var start: Int {
        get { Int(startWord) }
        set { startWord = UInt32(truncatingIfNeeded: newValue) }
    }
    /// Where the bytes end.
    @inlinable public internal(set) var end: Int {
        get { Int(endWord) }
        set { endWord = UInt32(truncatingIfNeeded: newValue) }
    }
    @inlinable public var count: Int { end - start }
    @inlinable public var isEmpty: Bool { end == start }
    /// How many bytes may still be appended.
    @inlinable public var roomAfter: Int { capacity - end }

    /// Forgets all bytes and leaves `room` bytes free in front.
    @inlinable public mutating func reset(room: Int = 0) {
        precondition(room <= capacity)
        start = room
        end = room
    }

    /// Forgets the first `count` bytes.
    @inlinable public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= end - start)
        start += count
    }

    /// Takes back the last `count` bytes that were consumed. Nothing may have been put in front since.
    @inlinable public mutating func rewind(_ count: Int) {
        precondition(count >= 0 && count <= start)
        start -= count
    }

    /// Forgets all but the first `count` bytes.
    @inlinable public mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= end - start)
        end = start + count
    }

    /// Moves the bytes to the front, so that all free room lies after them.
    public mutating func compact() {
        guard start > 0 else { return }
        unsafe memmove(base, base + start, end - start)
        end -= start
        start = 0
    }

    /// The bytes, for as long as `body` runs.
    @inlinable public borrowing func read<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        // The room between start and end was filled by the calls below and nothing else.
        let bytes = unsafe UnsafeBufferPointer(
            start: (base + start).assumingMemoryBound(to: UInt8.self), count: end - start)
        return body(unsafe bytes.span)
    }

    /// The bytes, to be changed in place.
    @inlinable public mutating func change<Result>(_ body: (inout MutableSpan<UInt8>) -> Result) -> Result {
        let bytes = unsafe UnsafeMutableBufferPointer(
            start: (base + start).assumingMemoryBound(to: UInt8.self), count: end - start)
        var span = unsafe bytes.mutableSpan
        return body(&span)
    }
}

extension Buffer {
    /// Appends `bytes`. There must be room.
    @inlinable @inline(__always) public mutating func append(_ bytes: borrowing Span<UInt8>) {
        let count = bytes.count
        precondition(count <= capacity - end)
        let target = unsafe base + end
        // Room was checked; source and target differ, since a buffer is never handed its own bytes.
        unsafe bytes.withUnsafeBufferPointer { source in
            if let first = source.baseAddress { unsafe target.copyMemory(from: first, byteCount: count) }
        }
        grow(by: count)
    }

    // Always inlined: the length is known there, and the copy becomes a few stores.
    @inlinable @inline(__always) public mutating func append(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        precondition(count <= capacity - end)
        unsafe (base + end).copyMemory(from: text.utf8Start, byteCount: count)
        grow(by: count)
    }

    @inlinable public mutating func append(_ byte: UInt8) {
        precondition(end < capacity)
        unsafe base.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
        grow(by: 1)
    }

    /// Appends a number in hexadecimal.
    public mutating func append(hexadecimal number: Int) {
        var shift = 60
        while shift > 0, number >> shift == 0 { shift -= 4 }
        while shift >= 0 {
            append(Self.hexDigit(number >> shift))
            shift -= 4
        }
    }

    /// Appends a small number in decimal.
    @inlinable public mutating func append(decimal number: UInt8) {
        if number >= 100 { append(48 &+ number / 100) }
        if number >= 10 { append(48 &+ number / 10 % 10) }
        append(48 &+ number % 10)
    }

    /// Appends a number in decimal.
    public mutating func append(decimal number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    /// Puts `number` in hexadecimal and CRLF before the first byte. There must be 18 bytes of room in front.
    public mutating func prependChunkSize(_ number: Int) {
        precondition(start >= 18)
        prepend(UInt8(ascii: "\n"))
        prepend(UInt8(ascii: "\r"))
        var rest = number
        repeat {
            prepend(Self.hexDigit(rest))
            rest >>= 4
        } while rest > 0
    }

    /// The digit of the lowest four bits.
    public static func hexDigit(_ number: Int) -> UInt8 {
        let digit = UInt8(truncatingIfNeeded: number & 15)
        return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    private mutating func prepend(_ byte: UInt8) {
        start -= 1
        unsafe base.storeBytes(of: byte, toByteOffset: start, as: UInt8.self)
    }

    @inlinable mutating func grow(by count: Int) { end += count }
}

extension Buffer {
    /// Receives at most `limit` bytes, as far as there is room, after the bytes that are here.
    @inlinable @inline(__always) public mutating func receive(
        from descriptor: CInt, limit: Int = .max, through kernel: inout some Kernel
    ) -> Transfer {
        // Our memory, `roomAfter` bytes of it.
        let outcome = unsafe kernel.receive(descriptor, into: base + end, count: min(limit, roomAfter))
        if case .bytes(let count) = outcome {
            precondition(count <= roomAfter)
            end += count
        }
        return outcome
    }

    /// Sends what the kernel takes and forgets what it took.
    @inlinable @inline(__always) public mutating func send(
        to descriptor: CInt, through kernel: inout some Kernel
    ) -> Transfer {
        let outcome = unsafe kernel.send(descriptor, from: base + start, count: count)
        if case .bytes(let sent) = outcome { consume(sent) }
        return outcome
    }
}
