internal import OrreryModel

/// The addresses that pods get: one each, out of a block in 127.0.0.0/8, where every address reaches this machine.
///
/// They are given in turn rather than the lowest first, so that an address that was just given back is not soon another
/// person's while somebody still remembers it.
struct AddressPool {
    private let range: PocketConfiguration.AddressRange
    private var taken: Set<UInt32> = []
    private var next: UInt32

    init(_ range: PocketConfiguration.AddressRange) {
        self.range = range
        next = range.base + 2
    }

    /// The node's own, the first of the block.
    var nodeAddress: String { Self.text(range.base + 1) }

    private var last: UInt32 { range.base + (UInt32.max >> range.prefixLength) - 1 }

    /// An address that nobody has; nil when all are taken.
    mutating func take() -> String? {
        let first = range.base + 2
        for _ in first...last {
            let candidate = next
            next = next == last ? first : next + 1
            if taken.insert(candidate).inserted { return Self.text(candidate) }
        }
        return nil
    }

    /// Notes an address that a pod had before pocket was started again.
    mutating func keep(_ address: String) {
        guard let number = Self.number(address) else { return }
        taken.insert(number)
        if (range.base + 2..<last).contains(number), number >= next { next = number + 1 }
    }

    mutating func giveBack(_ address: String) {
        if let number = Self.number(address) { taken.remove(number) }
    }

    private static func text(_ number: UInt32) -> String {
        "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
    }

    private static func number(_ text: String) -> UInt32? {
        let octets = text.split(separator: ".").compactMap { UInt8($0) }
        return octets.count == 4 ? octets.reduce(0) { $0 << 8 | UInt32($1) } : nil
    }
}
