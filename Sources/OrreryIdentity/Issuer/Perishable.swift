import OrreryFetch

/// A fetched document with the time after which it should be fetched again: what the server says (`Cache-Control:
/// max-age`), but never less than an hour, so that nobody makes us ask all the time, and never more than six.
struct Perishable<Value: Sendable>: Sendable {
    let value: Value
    let freshness: Duration

    init(_ value: Value, _ headers: FetchHeaders) {
        self.value = value
        let directives = headers.all("Cache-Control").flatMap { $0.lowercased().split(separator: ",") }
        let age = directives.lazy.compactMap { directive -> Int64? in
            let parts = directive.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            return parts.count == 2 && parts[0] == "max-age" ? Int64(parts[1]) : nil
        }.first
        freshness = .seconds(min(max(age ?? 3600, 3600), 6 * 3600))
    }
}
