internal import OrreryWire

/// What a line of the access log needs to know of an exchange while it runs. A fixed piece of memory: longer paths and
/// names are cut.
struct AccessRecord {
    /// An exchange is being written down.
    var isOpen = false
    var isHTTP10 = false
    /// 0 as long as nothing was answered.
    var status: UInt16 = 0
    /// Milliseconds of the loop's clocks.
    var beganWall: UInt64 = 0
    var began: UInt64 = 0
    /// When the head of the answer went out.
    var answered: UInt64 = 0
    /// Since the line before on the same connection.
    var received: UInt64 = 0
    var sent: UInt64 = 0
    var client = SocketAddress.none
    /// Its port is 0 when there is none, or one without an address.
    var upstream = SocketAddress.none
    var method = AccessText<16>()
    /// Without the query: that is where tokens are.
    var path = AccessText<256>()
    var person = AccessText<64>()
    var agent = AccessText<128>()
}

/// At most `capacity` bytes of a text.
struct AccessText<let capacity: Int> {
    private var bytes = InlineArray<capacity, UInt8>(repeating: 0)
    private(set) var count: UInt16 = 0
    /// There was more.
    private(set) var isCut = false

    mutating func set(_ text: Span<UInt8>) {
        count = UInt16(min(text.count, capacity))
        isCut = text.count > capacity
        for index in 0..<Int(count) { bytes[index] = text[index] }
    }

    mutating func clear() {
        count = 0
        isCut = false
    }

    var isEmpty: Bool { count == 0 }

    subscript(_ index: Int) -> UInt8 { bytes[index] }
}
