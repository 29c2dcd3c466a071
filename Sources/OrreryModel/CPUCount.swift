/// An amount of processor in thousandths of a core, written as Kubernetes writes it: `2` is two cores, `500m` half of
/// one, `1.5` one and a half.
package struct CPUCount: Hashable, Comparable, Sendable {
    package let millicores: Int64

    package init(millicores: Int64) {
        precondition(millicores >= 0, "a processor count below zero: the caller must have checked its subtraction")
        self.millicores = millicores
    }

    /// Nil for a sign, another unit, more than three decimals, or a value beyond 2⁶³−1 thousandths.
    package init?(_ text: String) {
        if text.hasSuffix("m") {
            guard let count = Self.digits(text.dropLast()) else { return nil }
            millicores = count
            return
        }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Self.digits(parts[0]) else { return nil }
        var thousandths: Int64 = 0
        if parts.count == 2 {
            guard parts[1].count <= 3, let fraction = Self.digits(parts[1]) else { return nil }
            thousandths = (parts[1].count..<3).reduce(fraction) { value, _ in value * 10 }
        }
        let (product, tooLarge) = whole.multipliedReportingOverflow(by: 1000)
        let (sum, tooLargeToo) = product.addingReportingOverflow(thousandths)
        guard !tooLarge, !tooLargeToo else { return nil }
        millicores = sum
    }

    package static func < (left: CPUCount, right: CPUCount) -> Bool { left.millicores < right.millicores }

    private static func digits(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int64(text)
    }
}

extension CPUCount: CustomStringConvertible {
    /// Whole cores as `2`, everything else as `500m`.
    package var description: String {
        millicores % 1000 == 0 ? "\(millicores / 1000)" : "\(millicores)m"
    }
}
