package import OrreryModel

extension DocumentNode {
    /// The elements of a list, in order.
    package func list() throws(DocumentError) -> [DocumentNode] {
        guard case .list(let elements) = content else { throw error("a list is wanted here, not \(kind)") }
        return elements
    }

    /// The text of a scalar exactly as it stands: `8080` is "8080", `no` is "no". Empty text must be written `""`.
    package func string() throws(DocumentError) -> String {
        guard case .scalar(let text, let isPlain) = content, !(isPlain && text.isNull) else {
            throw error("a text is wanted here, not \(kind)")
        }
        return text
    }

    /// A whole number in decimal digits, without quotes.
    package func int() throws(DocumentError) -> Int {
        guard case .scalar(let text, isPlain: true) = content, let value = Int(text), "\(value)" == text else {
            throw error("a whole number is wanted here, not \(kind)")
        }
        return value
    }

    /// A whole number within `range`.
    package func int(in range: ClosedRange<Int>) throws(DocumentError) -> Int {
        let value = try int()
        guard range.contains(value) else {
            throw error("\(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    /// `true` or `false`; YAML's other spellings are refused, since half of the world reads `no` as a country.
    package func bool() throws(DocumentError) -> Bool {
        switch content {
        case .scalar("true", isPlain: true): return true
        case .scalar("false", isPlain: true): return false
        default: throw error("`true` or `false` is wanted here, not \(kind)")
        }
    }

    /// A quantity of bytes: `4Gi` is 4 · 2³⁰ and `4G` is 4 · 10⁹.
    package func bytes() throws(DocumentError) -> ByteCount {
        guard let value = ByteCount(try string()) else {
            throw error("a number of bytes such as 4Gi or 500M is wanted here, not \(kind)")
        }
        return value
    }

    /// A quantity of processors: `2`, `1.5` or `500m`.
    package func cpu() throws(DocumentError) -> CPUCount {
        guard let value = CPUCount(try string()) else {
            throw error("a number of processors such as 2 or 500m is wanted here, not \(kind)")
        }
        return value
    }
}
