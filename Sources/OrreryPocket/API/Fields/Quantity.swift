/// An amount as Kubernetes counts it: exact to a billionth, with a suffix that says how to write it again.
struct Quantity: Comparable {
    let billionths: Int128
    private let isBinary: Bool

    static let zero = Quantity(billionths: 0, isBinary: false)

    /// Nil for anything but a number with a known suffix; what is smaller than a billionth is rounded up.
    init?(_ text: String) {
        let isNegative = text.hasPrefix("-")
        let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        let digits = unsigned.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = String(unsigned.dropFirst(digits.count))
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, digits.contains(where: \.isNumber), digits.count <= 30 else { return nil }
        guard let unit = Self.units[suffix] ?? Self.exponent(suffix) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let mantissa = Int128(parts[0] + fraction) else { return nil }
        let (product, overflow) = mantissa.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        let divisor = fraction.reduce(Int128(1)) { value, _ in value * 10 }
        let magnitude = (product + divisor - 1) / divisor
        self.init(billionths: isNegative ? -magnitude : magnitude, isBinary: suffix.hasSuffix("i"))
    }

    private init(billionths: Int128, isBinary: Bool) {
        self.billionths = billionths
        self.isBinary = isBinary
    }

    static func < (left: Quantity, right: Quantity) -> Bool { left.billionths < right.billionths }
    static func == (left: Quantity, right: Quantity) -> Bool { left.billionths == right.billionths }

    static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(billionths: left.billionths + right.billionths, isBinary: left.isBinary || right.isBinary)
    }

    static func whole(_ count: Int) -> Quantity { Quantity(billionths: Int128(count) * one, isBinary: false) }

    private static let one: Int128 = 1_000_000_000

    private static let units: [String: Int128] = [
        "n": 1, "u": 1000, "m": 1_000_000, "": one, "k": one * 1000, "M": one * 1_000_000, "G": one * one,
        "T": one * one * 1000, "P": one * one * 1_000_000, "E": one * one * one,
        "Ki": one << 10, "Mi": one << 20, "Gi": one << 30, "Ti": one << 40, "Pi": one << 50, "Ei": one << 60,
    ]

    /// The unit that `e3` or `E-2` stands for.
    private static func exponent(_ suffix: String) -> Int128? {
        guard suffix.first == "e" || suffix.first == "E", let power = Int(suffix.dropFirst()), (-9...18).contains(power)
        else { return nil }
        return (0..<(power + 9)).reduce(1) { value, _ in value * 10 }
    }
}

extension Quantity: CustomStringConvertible {
    /// The canonical text: the largest suffix of its kind with which no fraction is left.
    var description: String {
        if billionths == 0 { return "0" }
        let magnitude = billionths < 0 ? -billionths : billionths
        if isBinary, magnitude >= Self.one << 10, magnitude % Self.one == 0 {
            return text(of: ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
        }
        return text(of: ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"])
    }

    private func text(of suffixes: [String]) -> String {
        let suffix = suffixes.last { billionths % (Self.units[$0] ?? 1) == 0 } ?? "n"
        return "\(billionths / (Self.units[suffix] ?? 1))\(suffix)"
    }
}
