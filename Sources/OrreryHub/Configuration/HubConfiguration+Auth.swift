import OrreryDocument
import OrreryIdentity
import OrreryModel

extension HubConfiguration.Auth {
    /// Reads `auth`.
    ///
    /// | key | default | meaning |
    /// |---|---|---|
    /// | `allow` | nobody | hub groups whose members may enter |
    /// | `admin` | nobody | hub groups whose members are operators |
    /// | `session.idle` | `12h` | a browser not seen for so long is logged out |
    /// | `session.max` | `7d` | after so long everybody logs in again |
    /// | `session.recheck` | `15m` | how often the issuer is asked for the groups of whoever is here |
    /// | `tokens.usual` | `30d` | how long a token lives that somebody made without saying how long |
    /// | `tokens.max` | `90d` | the longest that can be asked for |
    /// | `issuers` | required | who may vouch for people, by a label |
    /// | `groups` | none | hub groups: `gid`, and the issuer-qualified groups they come `from` |
    /// | `users.uid` | none | range of uids for people whose issuer gives none: `200000-299999` |
    /// | `users.deny` | none | `label:subject`, or names, of people who are refused |
    static func read(_ node: DocumentNode, url: PublicURL) throws(DocumentError) -> HubConfiguration.Auth {
        let keys = try node.mapping(["allow", "admin", "session", "tokens", "issuers", "groups", "users"])
        let issuers = try HubConfiguration.issuers(keys.required("issuers"), url: url)
        let users = try users(keys["users"], issuers: issuers.map(\.label))
        var rules: [GroupRule] = []
        for (name, node) in try keys["groups"]?.entries() ?? [] {
            let rule = try HubConfiguration.groupRule(name, node, issuers: issuers)
            try checkNumbers(of: rule, node, beside: users.uids)
            rules.append(rule)
        }
        let known = rules.map(\.name)
        var auth = HubConfiguration.Auth(
            allow: try groups(keys["allow"], known: known), admin: try groups(keys["admin"], known: known),
            session: try session(keys["session"]), issuers: issuers, groups: rules, users: users)
        auth.tokens = try HubConfiguration.tokenLimits(keys["tokens"])
        return auth
    }

    /// Everybody who gets a uid of the range gets the group of the same number: it must not be a group of several people.
    private static func checkNumbers(
        of rule: GroupRule, _ node: DocumentNode, beside uids: ClosedRange<UInt32>?
    ) throws(DocumentError) {
        let gids = [rule.gid].compactMap(\.self) + rule.gids.values
        guard let gid = gids.sorted().first(where: { uids?.contains($0) == true }) else { return }
        throw node.error("gid \(gid) is within users.uid: it will be the group of one person")
    }

    /// Names of groups, each made by some rule: exactly, or by one with a hole (`project:{g}` makes `project:photoz`).
    static func groups(_ node: DocumentNode?, known: [String]) throws(DocumentError) -> Set<String> {
        var names: Set<String> = []
        for element in try node?.list() ?? [] {
            let name = try element.string()
            let isMade = known.contains { makes($0, name) }
            names.insert(isMade ? name : try element.name(among: known, kind: "group"))
        }
        return names
    }

    /// Whether a rule of the name `rule` makes the group `name`.
    static func makes(_ rule: String, _ name: String) -> Bool {
        guard let open = rule.firstIndex(of: "{"), let close = rule.lastIndex(of: "}") else { return rule == name }
        let (head, tail) = (rule[..<open], rule[rule.index(after: close)...])
        return name.count > head.count + tail.count && name.hasPrefix(head) && name.hasSuffix(tail)
    }

    private static func session(_ node: DocumentNode?) throws(DocumentError) -> HubConfiguration.SessionLimits {
        var limits = HubConfiguration.SessionLimits()
        guard let node else { return limits }
        let keys = try node.mapping(["idle", "max", "recheck"])
        if let idle = keys["idle"] { limits.idle = try idle.duration() }
        if let max = keys["max"] { limits.max = try max.duration() }
        if let recheck = keys["recheck"] {
            limits.recheck = try recheck.duration()
            guard limits.recheck >= .seconds(60) else {
                throw recheck.error("issuers are not asked more often than once a minute")
            }
        }
        guard limits.idle >= .seconds(60), limits.max >= .seconds(60) else {
            throw node.error("less than a minute would log people out while they read a page")
        }
        return limits
    }

    private static func users(
        _ node: DocumentNode?, issuers: [String]
    ) throws(DocumentError) -> HubConfiguration.Users {
        guard let node else { return HubConfiguration.Users() }
        let keys = try node.mapping(["uid", "deny"])
        var deny: Set<String> = []
        for element in try keys["deny"]?.list() ?? [] {
            let text = try element.string()
            if !PersonName.isValid(text) { try checkSubject(text, element, issuers: issuers) }
            deny.insert(text)
        }
        return HubConfiguration.Users(uids: try keys["uid"].map(range), deny: deny)
    }

    private static func checkSubject(
        _ text: String, _ node: DocumentNode, issuers: [String]
    ) throws(DocumentError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw node.error(
                "a person's name here, or an issuer's label, a colon and a subject are wanted, such as wlcg:7f3c")
        }
        guard issuers.contains(String(parts[0])) else { throw node.error("no issuer is labelled `\(parts[0])`") }
    }

    private static func range(_ node: DocumentNode) throws(DocumentError) -> ClosedRange<UInt32> {
        let ends = try node.string().split(separator: "-").map { UInt32($0) }
        guard ends.count == 2, let low = ends[0], let high = ends[1], low >= 1000, low <= high else {
            throw node.error("two numbers from 1000 on with a hyphen between them are wanted here: 200000-299999")
        }
        return low...high
    }
}
