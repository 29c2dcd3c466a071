import OrreryModel

/// What a parameter of a query may say.
enum GateParameter: Hashable, Sendable {
    case exactly(String)
    /// The selector of this hub's own objects.
    case ownObjects
    /// Digits alone, at most so many.
    case number(upTo: Int)
    /// Letters, digits and what Base64 has; at most so many.
    case opaque(Int)
    /// The name of a container.
    case name

    func accepts(_ value: String, in scope: GateScope) -> Bool {
        switch self {
        case .exactly(let wanted): return value.isExactly(wanted)
        case .ownObjects: return value.isExactly(scope.selector)
        case .number(let limit):
            guard value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(value)
            else { return false }
            return number <= limit && "\(number)".isExactly(value)
        case .opaque(let count):
            return !value.isEmpty && value.utf8.count <= count
                && value.utf8.allSatisfy { (0x21..<0x7F).contains($0) && !"\"'\\<>`".utf8.contains($0) }
        case .name: return value.isObjectName && value.utf8.count <= 63
        }
    }
}
