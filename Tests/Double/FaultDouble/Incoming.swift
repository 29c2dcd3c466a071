/// A request that arrived at the double.
struct Incoming: Sendable {
    let method: String
    /// Path and query, as they came.
    let target: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var path: String { String(target.prefix { $0 != "?" }) }
    var query: String { target.firstIndex(of: "?").map { String(target[target.index(after: $0)...]) } ?? "" }
    var isWatch: Bool { query.split(separator: "&").contains { $0 == "watch=1" || $0 == "watch=true" } }

    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}

/// What the double remembers of one request.
package struct Call: Codable, Hashable, Sendable {
    package let method: String
    package let path: String
    package let query: String
    /// What was answered; nil as long as nothing was, or when nothing ever will be.
    package var status: Int?
    package let isWatch: Bool
    /// When it came, in seconds since the machine started.
    package let at: Double
    /// Whether a fault, and no condition, had its way.
    package var wasHarmed: Bool

    /// Whether it asks for a change: all but GET and HEAD.
    package var isMutating: Bool { method != "GET" && method != "HEAD" }
    package var text: String { "\(method) \(path)\(query.isEmpty ? "" : "?\(query)")" }
}
