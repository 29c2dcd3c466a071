/// The rights that a request carries, each for everybody (`servers`) or for one person (`servers!user=ada`) or for one
/// server (`access:servers!server=ada/`, with the slash that the contract demands).
struct Scopes: Hashable, Sendable {
    private let granted: Set<String>

    /// `list` as it is stored; included rights are added, each with the filter of the right that brings it.
    init(_ list: some Sequence<String>) {
        granted = Set(
            list.flatMap { entry in
                let name = entry.prefix { $0 != "!" }
                return Scope.closure(of: String(name)).map { $0 + entry.dropFirst(name.count) }
            })
    }

    /// Whether `scope` is granted for `user`, or for that user's `server` where one is meant.
    func allow(_ scope: String, user: String, server: String? = nil) -> Bool {
        if granted.contains(scope) || granted.contains("\(scope)!user=\(user)") { return true }
        guard let server else { return false }
        return granted.contains("\(scope)!server=\(user)/\(server)")
    }

    /// What both grant.
    func within(_ other: Scopes) -> Scopes {
        Scopes(granted.filter(other.covers) + other.granted.filter(covers))
    }

    /// Those that concern nobody and nothing but `name`, expanded.
    func own(of name: String) -> [String] {
        expanded.filter { $0.hasSuffix("!user=\(name)") || $0.contains("!server=\(name)/") }
    }

    /// Whether `right`, with or without a filter, is among these.
    func covers(_ right: String) -> Bool {
        if granted.contains(right) { return true }
        let parts = right.split(separator: "!", maxSplits: 1)
        guard parts.count == 2 else { return false }
        if granted.contains(String(parts[0])) { return true }
        guard parts[1].hasPrefix("server="), let owner = parts[1].dropFirst(7).split(separator: "/").first else {
            return false
        }
        return granted.contains("\(parts[0])!user=\(owner)")
    }

    /// Every right, expanded, in alphabetical order: what single-user servers look for.
    var expanded: [String] { granted.sorted() }
}

extension Scopes {
    /// What a person may do with the own login.
    static func ofPerson(named name: String, isAdmin: Bool) -> Scopes {
        let own = ["access:servers", "servers", "users:activity", "read:users", "tokens"].map { "\($0)!user=\(name)" }
        // Operators see and stop other people's servers, and suspend and remove people; opening one is never theirs without its owner.
        return Scopes(isAdmin ? own + ["admin:policy", "admin:users", "delete:servers", "read:servers"] : own)
    }

    /// What a person may do with an access token of an issuer: not make tokens of ours, which would outlive it.
    static func ofBearer(named name: String, isAdmin: Bool) -> Scopes {
        let own = ofPerson(named: name, isAdmin: isAdmin)
        return Scopes(own.granted.filter { !$0.hasPrefix("tokens") })
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
