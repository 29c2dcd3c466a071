import HTTPReference

/// Where a model's decisions come from: a seed, or the bytes that a fuzzer makes up.
protocol Chance {
    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int
    /// Nothing is left to decide by.
    var isSpent: Bool { get }
}

extension Chance {
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
    mutating func isOnce(in times: Int) -> Bool { below(times) == 0 }
}

extension Seeded: Chance {
    var isSpent: Bool { false }
}

/// Decisions from bytes, one or two for each. When they are spent, everything is the first choice.
struct ByteChance: Chance {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isSpent: Bool { rest.isEmpty }

    mutating func below(_ bound: Int) -> Int {
        guard bound > 1 else { return 0 }
        var number = Int(rest.popFirst() ?? 0)
        if bound > 256 { number = number << 8 | Int(rest.popFirst() ?? 0) }
        return number % bound
    }
}
