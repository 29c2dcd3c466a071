internal import Glibc
internal import Synchronization

/// When each route was last used, in memory that many workers write and the control thread reads.
///
/// Concurrency: any thread may call anything. A place outlives its route, and a note from a connection that outlives it too is told by its generation.
@safe final class ActivityBook: Sendable {
    /// One route's place.
    struct Cell: Sendable, Equatable {
        let index: UInt32
        let generation: UInt32
    }

    /// Where notes are written. No reference is counted for it: it is good as long as the book is.
    @safe struct Places: @unchecked Sendable {
        fileprivate let first: UnsafeMutablePointer<Place>

        /// Notes that the route was used at `moment`. Never allocates.
        @inline(__always) func note(_ cell: Cell, at moment: UInt64) {
            // A cell comes only from `open`, which initialised its place.
            guard unsafe first[Int(cell.index)].generation.load(ordering: .relaxed) == cell.generation else { return }
            // Written once a millisecond at most: all workers share this line of memory.
            guard unsafe first[Int(cell.index)].moment.load(ordering: .relaxed) < moment else { return }
            unsafe first[Int(cell.index)].moment.store(moment, ordering: .relaxed)
        }
    }

    fileprivate struct Place: ~Copyable {
        let moment = Atomic<UInt64>(0)
        let generation = Atomic<UInt32>(0)
    }

    static let capacity = 1 << 20
    let notes: Places
    private var places: UnsafeMutablePointer<Place> { unsafe notes.first }
    private let free: Mutex<(unused: UInt32, released: [UInt32])>

    init() {
        let size = Self.capacity * MemoryLayout<Place>.stride
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("no address space left for the activity of routes")
        }
        notes = unsafe Places(first: memory.bindMemory(to: Place.self, capacity: Self.capacity))
        free = Mutex((0, []))
    }

    deinit { unsafe munmap(places, Self.capacity * MemoryLayout<Place>.stride) }

    /// A place for a new route, used at `moment` for the first time. Nil when there are a million routes.
    func open(at moment: UInt64) -> Cell? {
        let index = free.withLock { free -> UInt32? in
            if let released = free.released.popLast() { return released }
            guard free.unused < Self.capacity else { return nil }
            // Reserved for all, initialised here before anybody knows of it.
            unsafe (places + Int(free.unused)).initialize(to: Place())
            free.unused += 1
            return free.unused - 1
        }
        guard let index else { return nil }
        unsafe places[Int(index)].moment.store(moment, ordering: .relaxed)
        return unsafe Cell(index: index, generation: places[Int(index)].generation.load(ordering: .relaxed))
    }

    /// Gives the place of a route that is gone to the next.
    func close(_ cell: Cell) {
        unsafe places[Int(cell.index)].generation.wrappingAdd(1, ordering: .relaxed)
        free.withLock { $0.released.append(cell.index) }
    }

    /// When the route was last used.
    func last(_ cell: Cell) -> UInt64 { unsafe places[Int(cell.index)].moment.load(ordering: .relaxed) }
}
