/// Some of the bytes of ASCII, as a bit for each: a person's name is looked through for every fileset of every request.
struct ByteSet: Sendable {
    private var bits: UInt128 = 0

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            precondition(byte < 128, "a byte that is no letter of ASCII")
            bits |= 1 << UInt128(byte)
        }
    }

    func contains(_ byte: UInt8) -> Bool { byte < 128 && bits & (1 << UInt128(byte)) != 0 }

    func union(_ other: ByteSet) -> ByteSet {
        var both = self
        both.bits |= other.bits
        return both
    }

    func union(_ bytes: some Sequence<UInt8>) -> ByteSet { union(ByteSet(bytes)) }

    func subtracting(_ bytes: some Sequence<UInt8>) -> ByteSet {
        var rest = self
        rest.bits &= ~ByteSet(bytes).bits
        return rest
    }
}
