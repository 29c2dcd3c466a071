internal import OrreryWire

/// The kernel's pipes through which large bodies go, each held by one connection at a time.
///
/// A few that came back empty stay open for the next body. Concurrency: belongs to a worker.
struct Pipes: ~Copyable {
    // Not private: 6.3 compilers cannot emit a non-copyable type whose storage is generic over a private one.
    struct Entry {
        /// Nil while nobody holds this place and it is not kept open.
        var pipe: Pipe?
        /// How many bytes are in it.
        var held = 0
    }

    private var entries: Slab<Entry>
    private var open = 0

    static var none: UInt32 { Slab<Slot>.none }
    /// What a pipe holds, and so what one call moves at most.
    static var capacity: Int { 512 << 10 }
    private static var keptLimit: Int { 32 }

    init(capacity: UInt32) { entries = Slab(capacity: capacity) }

    /// An empty pipe; nil when there are too many, or no descriptor is left.
    mutating func take(_ kernel: inout some Kernel) -> UInt32? {
        guard let index = entries.add(fresh: { Entry() }) else { return nil }
        if entries[index].pipe == nil {
            guard let pipe = kernel.makePipe(capacity: Self.capacity) else {
                entries.remove(index)
                return nil
            }
            entries[index].pipe = pipe
            open += 1
        }
        return index
    }

    /// Gives a pipe back. Bytes that are still in it are lost.
    mutating func put(_ index: UInt32, _ kernel: inout some Kernel) {
        if entries[index].held > 0 || open > Self.keptLimit { close(index, &kernel) }
        entries.remove(index)
    }

    /// How many bytes are in the pipe.
    func held(_ index: UInt32) -> Int { entries[index].held }

    /// Moves at most `count` bytes from a socket into the pipe, which must be empty.
    mutating func fill(_ index: UInt32, from socket: CInt, count: Int, _ kernel: inout some Kernel) -> Transfer {
        guard let pipe = entries[index].pipe else { return .failed(0) }
        let outcome = kernel.splice(from: socket, to: pipe.inlet, count: count)
        if case .bytes(let moved) = outcome { entries[index].held += moved }
        return outcome
    }

    /// Moves what is in the pipe to a socket.
    mutating func drain(_ index: UInt32, to socket: CInt, _ kernel: inout some Kernel) -> Transfer {
        guard let pipe = entries[index].pipe else { return .failed(0) }
        let outcome = kernel.splice(from: pipe.outlet, to: socket, count: entries[index].held)
        if case .bytes(let moved) = outcome { entries[index].held -= moved }
        return outcome
    }

    /// Closes all pipes that are kept.
    mutating func end(_ kernel: inout some Kernel) {
        for index in 0..<entries.extent where entries[index].pipe != nil { close(index, &kernel) }
    }

    private mutating func close(_ index: UInt32, _ kernel: inout some Kernel) {
        guard let pipe = entries[index].pipe else { return }
        kernel.close(pipe)
        entries[index] = Entry()
        open -= 1
    }
}
