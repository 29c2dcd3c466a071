internal import Glibc
internal import OrreryWire
internal import Synchronization

/// How many connections each network has open over all workers.
///
/// A table of fixed size with a lock, touched when a connection begins and ends and never for a request. When it is full
/// newcomers are not counted, which lets in rather than locks out. Never allocates after it was made.
///
/// Concurrency: any thread may call anything.
@safe final class AddressBook: Sendable {
    private struct Entry {
        /// 0 for none.
        var network: UInt64
        var count: UInt32
    }

    /// Where a network's entry is must not be for the world to choose.
    private let salt = UInt64.random(in: .min ... .max)
    private let table: Mutex<Table>
    private static let size = 1 << 16
    private static let limit = size * 3 / 4

    @safe private struct Table: @unchecked Sendable {
        /// Zeroed memory of `size` entries, which becomes real only where it is used.
        let entries: UnsafeMutablePointer<Entry>
        var used = 0
    }

    init() {
        guard let memory = unsafe calloc(Self.size, MemoryLayout<Entry>.stride) else {
            fatalError("no memory left for the table of addresses")
        }
        table = Mutex(unsafe Table(entries: memory.bindMemory(to: Entry.self, capacity: Self.size)))
    }

    deinit { table.withLock { unsafe free($0.entries) } }

    /// Counts a connection; how many the network has now. 0 when it could not be counted.
    func open(_ network: UInt64) -> UInt32 {
        table.withLock { table in
            let place = unsafe find(network, table.entries)
            if unsafe table.entries[place].network == 0 {
                guard table.used < Self.limit else { return 0 }
                table.used += 1
                unsafe table.entries[place] = Entry(network: network, count: 0)
            }
            unsafe table.entries[place].count += 1
            return unsafe table.entries[place].count
        }
    }

    /// A connection that was counted is closed. One that was not is nobody's.
    func close(_ network: UInt64) {
        table.withLock { table in
            let place = unsafe find(network, table.entries)
            guard unsafe table.entries[place].network != 0 else { return }
            unsafe table.entries[place].count -= 1
            guard unsafe table.entries[place].count == 0 else { return }
            table.used -= 1
            unsafe remove(place, table.entries)
        }
    }

    /// Where the network is, or could be put: every place is below `size`, and a quarter of them is always free.
    private func find(_ network: UInt64, _ entries: UnsafeMutablePointer<Entry>) -> Int {
        var place = home(network)
        while unsafe entries[place].network != 0, unsafe entries[place].network != network {
            place = (place + 1) & (Self.size - 1)
        }
        return place
    }

    private func home(_ network: UInt64) -> Int {
        let mixed = (network ^ salt).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return Int(truncatingIfNeeded: mixed.high ^ mixed.low) & (Self.size - 1)
    }

    /// Empties a place and moves those up that stand behind it only because it was taken.
    private func remove(_ removed: Int, _ entries: UnsafeMutablePointer<Entry>) {
        var hole = removed
        var place = (hole + 1) & (Self.size - 1)
        while unsafe entries[place].network != 0 {
            let distance = unsafe (place - home(entries[place].network)) & (Self.size - 1)
            if distance >= (place - hole) & (Self.size - 1) {
                unsafe entries[hole] = entries[place]
                hole = place
            }
            place = (place + 1) & (Self.size - 1)
        }
        unsafe entries[hole] = Entry(network: 0, count: 0)
    }
}
