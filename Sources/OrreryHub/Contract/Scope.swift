/// One right of the REST API, as the JupyterHub contract names it. This table feeds the check, the answers and the page
/// in `docs/hub-api.md`.
struct Scope: Sendable {
    let name: String
    /// Rights that come with it.
    let includes: [String]
    let promise: String

    static let table: [Scope] = [
        Scope(name: "admin:policy", includes: [], promise: "see which policy is in force, and have it read anew"),
        Scope(name: "admin:users", includes: ["read:users"], promise: "suspend people, let them in again, remove them"),
        Scope(name: "access:servers", includes: [], promise: "open a server in the browser and use what runs in it"),
        Scope(
            name: "servers", includes: ["start:servers", "delete:servers", "read:servers"],
            promise: "start, stop and see servers"),
        Scope(name: "start:servers", includes: ["read:servers"], promise: "start servers"),
        Scope(name: "delete:servers", includes: ["read:servers"], promise: "stop servers"),
        Scope(name: "read:servers", includes: ["read:users:name"], promise: "see servers and their progress"),
        Scope(name: "tokens", includes: ["read:tokens"], promise: "make, see and revoke tokens"),
        Scope(name: "read:tokens", includes: [], promise: "see which tokens there are"),
        Scope(name: "users:activity", includes: ["read:users:activity"], promise: "report activity"),
        Scope(
            name: "read:users", includes: ["read:users:name", "read:users:groups", "read:users:activity"],
            promise: "see who somebody is"),
        Scope(name: "read:users:name", includes: [], promise: "see somebody's name"),
        Scope(name: "read:users:groups", includes: [], promise: "see somebody's groups"),
        Scope(name: "read:users:activity", includes: [], promise: "see when somebody was last active"),
    ]

    /// What concerns nobody in particular.
    static let ofSite: Set = ["admin:policy"]

    private static let byName = Dictionary(uniqueKeysWithValues: table.map { ($0.name, $0) })

    static func named(_ name: String) -> Scope? { byName[name] }
}
