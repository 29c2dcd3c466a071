import Foundation
package import OrreryDocument
import OrreryModel

/// One entry of `filesets:` in `filesets.yaml`.
///
/// | key | value | absent |
/// |---|---|---|
/// | `at` | absolute path with `{user}` `{uid}` `{gid}` `{group}` | error, except with `deliver` |
/// | `home` | sets `HOME`; one fileset of the document | false |
/// | `required` | without it the session is refused | false |
/// | `quota` | bytes per person; every binding says `quota: enforced` or `advisory` | none |
/// | `each` | a kind of group, `project:*`: one mount for each that the person is in | one mount |
/// | `grants` | list of `{to: [groups], mode: ro or rw, from, until}` | nobody has it |
/// | `never` | groups that never get it | nobody |
/// | `surfaces` | list of `notebook`; `[]` is none | `[notebook]` |
/// | `sensitive` | the audit log names each session that is given it | false |
/// | `credential` | with what its storage is opened: `{kind: smb, secret}` or `{kind: sts, role, session}` | the cluster's right |
/// | `deliver` | `s3`: a role of an object storage instead of a mount | a mount |
/// | `clusters` | `{trust: WORD}`: only clusters that the hub trusts with it | those of ordinary trust |
/// | `revoke` | `stop`, `notify` or `none`: what losing the right does to a running session | `notify` |
/// | `session` | how long a session that has it may last | as the profile says |
/// | `purge` | `{after, by: modified, large, largerThan}`: what the site's job removes | nothing |
extension Fileset {
    private static let keys = [
        "at", "home", "required", "quota", "each", "grants", "never", "surfaces", "sensitive", "credential", "deliver",
        "clusters", "revoke", "session", "purge",
    ]

    init(name: String, _ node: DocumentNode, groups: GroupNames) throws(DocumentError) {
        let keys = try node.mapping(Self.keys)
        var each: GroupPattern?
        if let pattern = keys["each"] { each = try GroupPattern(pattern, groups: groups) }
        self.init(
            name: name,
            at: try Self.path(keys, isExpanded: each != nil),
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
        credential = try keys["credential"].map { node throws(DocumentError) in try Credential(node) }
        trust = try keys["clusters"].map(Self.trust) ?? Self.ordinaryTrust
        revoke = try keys["revoke"].map { node throws(DocumentError) in try node.choice() } ?? .notify
        session = try keys["session"].map(Self.session)
        purge = try keys["purge"].map { node throws(DocumentError) in try Purge(node) }
        try refuseMisfits(node, keys)
    }

    /// Nil with `deliver`, which is instead of a place.
    private static func path(
        _ keys: DocumentMapping, isExpanded: Bool
    ) throws(DocumentError) -> PathTemplate? {
        guard let deliver = keys["deliver"] else { return try path(try keys.required("at"), isExpanded: isExpanded) }
        _ = try deliver.name(among: ["s3"], kind: "way to deliver")
        for key in ["at", "home", "each", "quota", "purge"] where keys[key] != nil {
            throw keys.node.error("what is delivered as s3 is no mount, so it has no `\(key)`", atKey: key)
        }
        return nil
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

    private static func trust(_ node: DocumentNode) throws(DocumentError) -> String {
        try node.mapping(["trust"]).required("trust").trustWord()
    }

    private static func session(_ node: DocumentNode) throws(DocumentError) -> Duration {
        let length = try node.duration()
        guard length >= .seconds(60) else { throw node.error("a session needs at least a minute") }
        return length
    }

    /// A credential and the way of delivery belong together.
    private func refuseMisfits(_ node: DocumentNode, _ keys: DocumentMapping) throws(DocumentError) {
        switch (credential, at) {
        case (.sts, .some): throw node.error("`kind: sts` is for object storage: add `deliver: s3` and take `at` out")
        case (nil, nil), (.smb, nil):
            throw node.error("`deliver: s3` needs `credential: {kind: sts, role: …}`: nobody shares a key here")
        default: break
        }
        if at == nil, grants.contains(where: { $0.mode == .ro }) {
            throw node.error("what its role may do, the storage says and not this hub: grant it with `mode: rw`")
        }
    }
}

extension String {
    /// Whether this directory is, or contains, the one with the segments `inner`.
    fileprivate func isAbove(_ inner: [String]) -> Bool {
        split(separator: "/").count <= inner.count
    }
}

extension DocumentNode {
    /// A word for how far a cluster is trusted, as an administrator chooses it.
    package func trustWord() throws(DocumentError) -> String {
        let word = try string()
        guard Spelling.entry.fits(word) else { throw error("a word for trust has small letters, digits and `-`") }
        return word
    }
}
