import Foundation

/// What a path under `/user/` speaks of.
struct ServerAddress: Hashable, Sendable {
    /// The name in it, decoded as far as it can be.
    let person: String
    /// The path with a slash at its end.
    let base: String
    /// Whether programs ask there rather than people: some segment behind the name is `api`.
    let isAPI: Bool

    init(path: some StringProtocol) {
        let segments = path.split(separator: "/").dropFirst()
        let name = segments.first.map { String($0) } ?? ""
        person = name.removingPercentEncoding ?? name
        base = path.hasSuffix("/") ? String(path) : path + "/"
        isAPI = segments.dropFirst().contains("api")
    }
}
