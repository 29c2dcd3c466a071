/// An amount of memory or storage in bytes, written as Kubernetes writes quantities: `4Gi` is 4 · 2³⁰, `4G` is 4 · 10⁹,
/// a bare number is bytes. Only whole non-negative numbers are accepted, so what is written is what is meant.
package struct ByteCount: Hashable, Comparable, Sendable {
    package let bytes: Int64

    package init(bytes: Int64) {
        precondition(bytes >= 0, "a byte count below zero: the caller must have checked its subtraction")
        self.bytes = bytes
    }

    /// Nil for an unknown unit, a sign, a fraction, or a value beyond 2⁶³−1.
    package init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), let unit = Self.units[String(text.dropFirst(digits.count))] else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        bytes = product
    }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    private static let units: [String: Int64] = [
        "": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000, "P": 1_000_000_000_000_000,
        "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
    ]
}

extension ByteCount: CustomStringConvertible {
    /// The shortest exact form with a binary unit: `2Gi`, `1536Mi`, `1000`.
    package var description: String {
        for (unit, size) in [("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)] as [(String, Int64)]
        where bytes != 0 && bytes % (1 << size) == 0 {
            return "\(bytes >> size)\(unit)"
        }
        return "\(bytes)"
    }
}
