/// A hash that grows byte by byte, so that one walk along a path gives the hash of each of its prefixes.
struct PrefixHash {
    private var state: UInt64

    /// Not the same in every process: nobody outside can prepare paths that meet.
    private static let seed = UInt64.random(in: 1...UInt64.max)

    init() { state = Self.seed }

    @inline(__always) mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// The hash of all bytes so far, mixed well enough to take low bits of it.
    @inline(__always) var value: UInt64 {
        let mixed = (state ^ (state >> 29)) &* 0xbf58_476d_1ce4_e5b9
        return mixed ^ (mixed >> 32)
    }

    /// The hash of some bytes on their own.
    static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash = PrefixHash()
        for byte in bytes { hash.add(byte) }
        return hash.value
    }
}
