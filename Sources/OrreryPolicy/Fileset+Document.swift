import Foundation
import OrreryDocument
import OrreryModel

/// One entry of `filesets:` in `filesets.yaml`.
///
/// | key | value | absent |
/// |---|---|---|
/// | `at` | absolute path with `{user}` `{uid}` `{gid}` `{group}` | error |
/// | `home` | sets `HOME`; one fileset of the document | false |
/// | `required` | without it the session is refused | false |
/// | `quota` | bytes per person; every binding says `quota: enforced` or `advisory` | none |
/// | `each` | a kind of group, `project:*`: one mount for each that the person is in | one mount |
/// | `grants` | list of `{to: [groups], mode: ro or rw, from, until}` | nobody has it |
/// | `never` | groups that never get it | nobody |
/// | `surfaces` | list of `notebook`; `[]` is none | `[notebook]` |
/// | `sensitive` | the audit log names each session that is given it | false |
extension Fileset {
    private static let keys = ["at", "home", "required", "quota", "each", "grants", "never", "surfaces", "sensitive"]
    private static let later = ["credential", "deliver", "purge", "clusters", "revoke", "session"]

    init(name: String, _ node: DocumentNode, groups: GroupNames) throws(DocumentError) {
        let keys = try node.mapping(Self.keys, later: Self.later)
        var each: GroupPattern?
        if let pattern = keys["each"] { each = try GroupPattern(pattern, groups: groups) }
        self.init(
            name: name,
            at: try Self.path(try keys.required("at"), isExpanded: each != nil),
            isHome: try keys["home"]?.bool() ?? false,
            isRequired: try keys["required"]?.bool() ?? false,
            quota: try keys["quota"]?.bytes(),
            each: each,
            grants: try Grant.list(keys["grants"], groups: groups, expanding: each != nil),
            never: try keys["never"].map { node throws(DocumentError) in
                try groups.audience(node, expanding: each != nil)
            } ?? [],
            surfaces: try Self.surfaces(keys["surfaces"]),
            isSensitive: try keys["sensitive"]?.bool() ?? false)
        if isHome, each != nil {
            throw node.error("a home with `each` would be one directory per group; a session has one home")
        }
    }

    private static func path(_ node: DocumentNode, isExpanded: Bool) throws(DocumentError) -> PathTemplate {
        let template = try PathTemplate(node, absolute: true)
        guard template.holes.contains(.group) == isExpanded else {
            throw node.error(
                isExpanded ? "a fileset with `each` needs `{group}` in its path" : "`{group}` needs `each: \"kind:*\"`")
        }
        // A hole never names a reserved directory by itself: what fills it is checked again when it is filled.
        let known = template.segments.prefix { $0.hole == nil }.map(\.before)
        let isFixed = known.count == template.segments.count
        if let directory = ReservedPaths.conflict(with: FilePath(segments: known)), isFixed || directory.isAbove(known)
        {
            throw node.error("\(template) is not possible: \(directory) is reserved")
        }
        return template
    }

    private static func surfaces(_ node: DocumentNode?) throws(DocumentError) -> Set<String> {
        guard let node else { return knownSurfaces }
        var surfaces: Set<String> = []
        for element in try node.list() {
            surfaces.insert(try element.name(among: knownSurfaces, kind: "surface"))
        }
        return surfaces
    }
}

extension String {
    /// Whether this directory is, or contains, the one with the segments `inner`.
    fileprivate func isAbove(_ inner: [String]) -> Bool {
        split(separator: "/").count <= inner.count
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
}
