import Foundation

/// Remembers tokens that work once, each until it would be refused for its age anyway.
struct SeenTokens {
    private struct Name: Hashable {
        let issuer: String
        let id: String
    }

    private var ends: [Name: Date] = [:]

    var count: Int { ends.count }

    /// Whether the token called `id` (`jti`) of this issuer comes for the first time.
    mutating func isFirst(_ id: String, of issuer: String, until end: Date, at now: Date) -> Bool {
        ends = ends.filter { $0.value > now }
        return ends.updateValue(end, forKey: Name(issuer: issuer, id: id)) == nil
    }

    /// Lets the token called `id` of this issuer come for the first time again.
    mutating func forget(_ id: String, of issuer: String) { ends[Name(issuer: issuer, id: id)] = nil }
}
