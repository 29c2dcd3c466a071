internal import Glibc

// Public, not `package`: Swift 6.3 inlines only public declarations into other modules, and these are on the path of
// every event.

/// Room for `capacity` elements at fixed places, named by small numbers that are reused, last freed first.
///
/// The room is reserved as address space when the slab is made and becomes memory only as far as it has been used, so a
/// large capacity costs nothing. Adding and removing never allocate.
///
/// Concurrency: belongs to one thread.
@safe public struct Slab<Element: ~Copyable>: ~Copyable {
    @usableFromInline let base: UnsafeMutablePointer<Element>
    @usableFromInline let links: UnsafeMutablePointer<UInt32>
    public let capacity: UInt32
    /// How many numbers were ever given out: elements from here on are uninitialised.
    public internal(set) var extent: UInt32 = 0
    @usableFromInline var firstFree: UInt32 = none
    public internal(set) var count = 0

    /// No element: what a link holds that points nowhere.
    @inlinable public static var none: UInt32 { .max }

    public init(capacity: UInt32) {
        self.capacity = capacity
        unsafe base = Self.reserve(capacity, of: Element.self)
        unsafe links = Self.reserve(capacity, of: UInt32.self)
    }

    deinit {
        unsafe base.deinitialize(count: Int(extent))
        unsafe munmap(base, Int(capacity) * MemoryLayout<Element>.stride)
        unsafe munmap(links, Int(capacity) * MemoryLayout<UInt32>.stride)
    }

    private static func reserve<T: ~Copyable>(_ count: UInt32, of type: T.Type) -> UnsafeMutablePointer<T> {
        let size = Int(count) * MemoryLayout<T>.stride
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("no address space left for a slab of \(size) bytes")
        }
        return unsafe memory.bindMemory(to: T.self, capacity: Int(count))
    }

    /// The number of an element that is free, or nil when the slab is full. An element used before is as it was left;
    /// one never used before is `fresh`.
    public mutating func add(fresh: () -> Element) -> UInt32? {
        if firstFree != Self.none {
            let index = firstFree
            firstFree = unsafe links[Int(index)]
            count += 1
            return index
        }
        guard extent < capacity else { return nil }
        unsafe (base + Int(extent)).initialize(to: fresh())
        extent += 1
        count += 1
        return extent - 1
    }

    /// Frees the number `index`, which must be in use. The element stays as it is until somebody gets it again.
    public mutating func remove(_ index: UInt32) {
        precondition(index < extent)
        unsafe links[Int(index)] = firstFree
        firstFree = index
        count -= 1
    }

    @inlinable public subscript(index: UInt32) -> Element {
        // Addresses rather than coroutines: those were not inlined, and every step of every connection comes by here.
        @inline(__always) unsafeAddress {
            // Everything below `extent` was initialised by `add` and stays so.
            precondition(index < extent)
            return unsafe UnsafePointer(base + Int(index))
        }
        @inline(__always) nonmutating unsafeMutableAddress {
            precondition(index < extent)
            return unsafe base + Int(index)
        }
    }
}
