internal import Glibc
internal import OrreryWire
internal import Synchronization

/// Lines on their way from one worker to the thread that writes them: a piece of memory of fixed size, used round and
/// round. When it is full a line is refused, so that a slow disk costs lines and never a request.
///
/// Concurrency: one thread appends, one takes. The two counters hand the bytes over.
@safe final class LineRing: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    // Counted in bytes since the beginning, each written by one side only.
    private let appended = Atomic<Int>(0)
    private let taken = Atomic<Int>(0)

    /// `capacity` is a power of two.
    init(capacity: Int) {
        precondition(capacity & (capacity - 1) == 0)
        guard let memory = unsafe malloc(capacity) else { fatalError("no memory left for the access log") }
        unsafe self.memory = memory
        self.capacity = capacity
    }

    deinit { unsafe free(memory) }

    /// Appends a whole line. False when there is no room for it.
    func append(_ line: borrowing Buffer) -> Bool {
        let end = appended.load(ordering: .relaxed)
        // Acquiring: the bytes that were there must have been read before they are written over.
        guard capacity - (end - taken.load(ordering: .acquiring)) >= line.count else { return false }
        let place = end & (capacity - 1)
        let first = min(line.count, capacity - place)
        line.read { bytes in
            // Both parts lie within the memory: `first` ends at its end at the latest, and the line fits in what is free.
            unsafe bytes.withUnsafeBufferPointer { bytes in
                guard let source = bytes.baseAddress else { return }
                unsafe (memory + place).copyMemory(from: source, byteCount: first)
                unsafe memory.copyMemory(from: source + first, byteCount: bytes.count - first)
            }
        }
        appended.store(end + line.count, ordering: .releasing)
        return true
    }

    /// Takes all lines there are, in one or two pieces.
    func take(_ body: (UnsafeRawBufferPointer) -> Void) {
        let start = taken.load(ordering: .relaxed)
        let end = appended.load(ordering: .acquiring)
        guard end > start else { return }
        let place = start & (capacity - 1)
        let first = min(end - start, capacity - place)
        unsafe body(UnsafeRawBufferPointer(start: memory + place, count: first))
        if end - start > first { unsafe body(UnsafeRawBufferPointer(start: memory, count: end - start - first)) }
        taken.store(end, ordering: .releasing)
    }
}
