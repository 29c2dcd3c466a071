import Foundation
import OrreryStore

/// What a path under `/user/` speaks of.
struct ServerAddress: Hashable, Sendable {
    /// The name in it, decoded as far as it can be.
    let person: String
    /// The path with a slash at its end.
    let base: String
    /// Whether programs ask there rather than people: some segment behind the name is `api`.
    let isAPI: Bool

    /// Where every server has pages of its own. One that was called like these, and has ended, is not what they speak of.
    private static let ownPaths: Set<String> = [
        "lab", "doc", "tree", "notebooks", "edit", "view", "files", "consoles", "terminals", "nbclassic", "api",
        "static",
    ]

    init(path: some StringProtocol) {
        let segments = path.split(separator: "/").dropFirst()
        let name = segments.first.map { String($0) } ?? ""
        person = name.removingPercentEncoding ?? name
        base = path.hasSuffix("/") ? String(path) : path + "/"
        isAPI = segments.dropFirst().contains("api")
    }

    /// Whose path it is of the sessions of `person`, of those that have not ended and those that have: a server's name is a segment
    /// behind the person's own, so that of two that fit the longer one is meant. What runs counts before what ran.
    func session(of person: Int64, in sessions: any SessionStore) async throws -> SessionRecord? {
        var ended = try await sessions.lastEnded(person: person, under: base)
        if let server = ended?.server, Self.ownPaths.contains(server), let prefix = ended?.prefix {
            ended = try await sessions.lastEnded(person: person, under: String(prefix.dropLast(server.count + 1)))
        }
        let known = try await sessions.active(person: person) + [ended].compactMap(\.self)
        return known.filter { base.hasPrefix($0.prefix) }.max { $0.prefix.count < $1.prefix.count }
    }
}
