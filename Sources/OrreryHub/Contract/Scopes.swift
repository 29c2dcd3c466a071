/// The rights that a request carries, each for everybody (`servers`) or for one person (`servers!user=ada`) or for one
/// server (`access:servers!server=ada/`, with the slash that the contract demands).
struct Scopes: Hashable, Sendable {
    /// By the filter as it is written, from the `!` on; "" for everybody. A filter without rights is not in it.
    private var granted: [String: Rights] = [:]

    /// `list` as it is stored; included rights are added, each with the filter of the right that brings it. What is no right
    /// grants nothing.
    init(_ list: some Sequence<String>) {
        for entry in list {
            let name = entry.utf8.prefix { $0 != UInt8(ascii: "!") }
            grant(.closure(of: String(Substring(name))), String(entry[name.endIndex...]))
        }
    }

    private init() {}

    private mutating func grant(_ rights: Rights, _ filter: String) {
        guard !rights.isEmpty else { return }
        granted[filter, default: []].formUnion(rights)
    }

    /// Whether `scope` is granted for `user`, or for that user's `server` where one is meant.
    func allow(_ scope: String, user: String, server: String? = nil) -> Bool {
        let right = Rights.only(scope)
        guard !right.isEmpty else { return false }
        if has(right, "") || has(right, Self.own(user)) { return true }
        guard let server else { return false }
        return has(right, "!server=\(user)/\(server)")
    }

    private func has(_ rights: Rights, _ filter: String) -> Bool { granted[filter]?.isSuperset(of: rights) ?? false }

    /// What both grant.
    func within(_ other: Scopes) -> Scopes {
        var both = Scopes()
        for (filter, rights) in granted { both.grant(rights.intersection(other.rights(filter)), filter) }
        for (filter, rights) in other.granted { both.grant(rights.intersection(self.rights(filter)), filter) }
        return both
    }

    /// What is granted wherever `filter` lets it.
    private func rights(_ filter: String) -> Rights {
        var rights = granted["", default: []].union(granted[filter, default: []])
        if filter.hasPrefix("!server="), let owner = filter.dropFirst(8).split(separator: "/").first {
            rights.formUnion(granted[Self.own(owner), default: []])
        }
        return rights
    }

    private static func own(_ name: some StringProtocol) -> String { "!user=\(name)" }

    /// Those that concern nobody and nothing but `name`, expanded.
    func own(of name: String) -> [String] {
        expanded.filter { $0.hasSuffix("!user=\(name)") || $0.contains("!server=\(name)/") }
    }

    /// Whether `right`, with or without a filter, is among these.
    func covers(_ right: String) -> Bool {
        let name = right.prefix { $0 != "!" }
        let wanted = Rights.only(String(name))
        return !wanted.isEmpty && rights(String(right.dropFirst(name.count))).isSuperset(of: wanted)
    }

    /// Every right, expanded, in alphabetical order: what single-user servers look for.
    var expanded: [String] { granted.flatMap { filter, rights in rights.names.map { $0 + filter } }.sorted() }
}

extension Scopes {
    /// What a person may do with the own login.
    static func ofPerson(named name: String, isAdmin: Bool) -> Scopes {
        var scopes = Scopes()
        scopes.grant(ofEverybody, own(name))
        if isAdmin { scopes.grant(ofOperators, "") }
        return scopes
    }

    private static let ofEverybody = Rights.closure(
        of: ["access:servers", "servers", "users:activity", "read:users", "tokens"])

    // Operators see and stop other people's servers, and suspend and remove people; opening one is never theirs without its owner.
    private static let ofOperators = Rights.closure(
        of: ["admin:policy", "admin:users", "delete:servers", "read:servers"])

    /// What a person may do with an access token of an issuer: not make tokens of ours, which would outlive it.
    static func ofBearer(named name: String, isAdmin: Bool) -> Scopes {
        var scopes = ofPerson(named: name, isAdmin: isAdmin)
        scopes.granted = scopes.granted.mapValues { $0.subtracting(.only("tokens")) }
        return scopes
    }

    /// What the token in a pod may do: no more than the server needs, since every process there can read it.
    static func ofServer(_ server: String, of name: String) -> [String] {
        ["access:servers!server=\(name)/\(server)", "users:activity!user=\(name)"]
    }

    /// What a server learns about a person who opens it.
    static func ofVisit(to server: String, of owner: String, by name: String) -> [String] {
        ["access:servers!server=\(owner)/\(server)", "read:users:groups!user=\(name)", "read:users:name!user=\(name)"]
    }
}
