internal import Foundation

/// The query of a request, decoded. Of a key given twice the first counts, as in Go.
struct Query {
    private let values: [String: String]

    init(_ text: String) {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = Self.decoded(parts[0])
            if values[key] == nil { values[key] = parts.count == 2 ? Self.decoded(parts[1]) : "" }
        }
        self.values = values
    }

    /// Nil for a key that is missing or empty.
    subscript(key: String) -> String? {
        guard let value = values[key], !value.isEmpty else { return nil }
        return value
    }

    /// Whether the key is there with a value that Go reads as true; a bare key counts as true.
    func flag(_ key: String) -> Bool {
        guard let value = values[key] else { return false }
        return !["0", "false", "f", "F", "False", "FALSE"].contains(value)
    }

    func integer(_ key: String) -> Int64? { self[key].flatMap { Int64($0) } }

    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacing("+", with: " ")
        return String(spaced).removingPercentEncoding ?? String(spaced)
    }
}
