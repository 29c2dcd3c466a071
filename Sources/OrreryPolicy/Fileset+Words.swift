import OrreryDocument
import OrreryModel

/// `credential:` of a fileset: `{kind: smb, secret: "smb-{user}"}`, or `{kind: sts, role: "arn:…:role/{user}"}` with an
/// optional `session: 1h`, which is how long all clients ask for.
extension Fileset.Credential {
    init(_ node: DocumentNode) throws(DocumentError) {
        let all = try node.mapping(["kind", "secret", "role", "session"])
        switch try all.required("kind").name(among: ["smb", "sts"], kind: "credential") {
        case "smb": self = .smb(secret: try Self.secret(try node.mapping(["kind", "secret"])))
        default: self = .sts(role: try Self.role(try node.mapping(["kind", "role", "session"])))
        }
    }

    private static func secret(_ keys: DocumentMapping) throws(DocumentError) -> TextTemplate {
        let node = try keys.required("secret")
        let name = try TextTemplate(node)
        guard name.isPersonal, name.holes.isDisjoint(with: [.group]) else {
            throw node.error("the Secret is the person's own: put `{user}` or `{uid}` in its name")
        }
        guard name.isUnambiguous else {
            throw node.error("`\(name)` is the same for several people: put a `-` or a `.` between its holes")
        }
        guard let sample = name.filled(with: [.user: "ann", .uid: "1", .gid: "1"]), Spelling.isSubdomain(sample),
            !sample.hasPrefix("nb-")
        else {
            throw node.error("`\(name)` cannot be the name of a Secret: small letters, digits, `-` and `.`, not `nb-…`")
        }
        return name
    }

    private static func role(_ keys: DocumentMapping) throws(DocumentError) -> TextTemplate {
        let node = try keys.required("role")
        let role = try TextTemplate(node)
        guard !role.holes.contains(.group), let sample = role.filled(with: [.user: "ann", .uid: "1", .gid: "1"]),
            sample.wholeMatch(of: /arn:[^:\s]+:iam::[^:\s]*:role\/\S+/) != nil
        else { throw node.error("a role such as arn:minio:iam:::role/{user} is wanted here") }
        if let session = keys["session"], try session.duration() != .seconds(3600) {
            throw session.error(
                "`1h` is all that can stand here: clients ask for an hour, and no variable tells them otherwise")
        }
        return role
    }
}

/// `purge:` of a fileset: `{after: 30d, by: modified}`, with `large: 14d` and `largerThan: 1Gi` for an earlier end of
/// large files.
extension Fileset.Purge {
    init(_ node: DocumentNode) throws(DocumentError) {
        let keys = try node.mapping(["after", "by", "large", "largerThan"])
        after = try keys.required("after").duration()
        // Without access times, which most mounts leave out, what is only read would look old.
        if let by = keys["by"], try by.name(among: ["modified", "accessed"], kind: "age") == "accessed" {
            throw by.error("only `modified` is possible: mounts keep no access times, and what is only read would go")
        }
        guard after >= .seconds(86_400) else { throw node.error("a purge before a day has passed is a mistake") }
        switch (keys["large"], keys["largerThan"]) {
        case (nil, nil): large = nil
        case (let age?, let size?):
            large = Large(after: try age.duration(), above: try size.bytes())
            guard try age.duration() < after else {
                throw age.error("large files go earlier than others, or not at all")
            }
        default: throw node.error("`large` and `largerThan` belong together")
        }
    }
}

extension Grant {
    static func list(
        _ node: DocumentNode?, groups: GroupNames, expanding: Bool
    ) throws(DocumentError) -> [Grant] {
        var grants: [Grant] = []
        for element in try node?.list() ?? [] {
            let keys = try element.mapping(["to", "mode", "from", "until"])
            let mode = try keys["mode"]?.name(among: ["ro", "rw"], kind: "mode") ?? "ro"
            let grant = Grant(
                to: try groups.audience(try keys.required("to"), expanding: expanding),
                mode: mode == "rw" ? .rw : .ro, from: try keys["from"]?.instant(), until: try keys["until"]?.instant())
            if let from = grant.from, let until = grant.until, until <= from {
                throw element.error("`until` is not after `from`: the grant would never hold")
            }
            grants.append(grant)
        }
        return grants
    }
}

extension DocumentNode {
    /// A mapping in which some keys belong to the design and not yet to the program: using one is an error, because a
    /// rule that is read and not followed is worse than none.
    func mapping(_ known: [String], later: [String]) throws(DocumentError) -> DocumentMapping {
        let keys = try mapping(known + later)
        for key in later where keys[key] != nil {
            throw error("`\(key)` is not supported yet", atKey: key)
        }
        return keys
    }

    /// One of the words that `Choice` has.
    func choice<Choice: RawRepresentable & CaseIterable>() throws(DocumentError) -> Choice
    where Choice.RawValue == String {
        let name = try name(among: Choice.allCases.map(\.rawValue), kind: "word")
        guard let choice = Choice(rawValue: name) else { throw error("`\(name)` is not possible") }
        return choice
    }
}
