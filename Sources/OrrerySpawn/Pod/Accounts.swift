import OrreryModel

/// The session's `/etc/passwd` and `/etc/group`: root and nobody, whom programs expect, the person, and the groups through
/// which a mount was granted.
struct Accounts {
    let passwd: String
    let group: String

    init(_ plan: Plan) {
        let identity = plan.identity
        let groups = Self.groups(plan)
        passwd = Self.file([
            "root:x:0:0:root:/root:/usr/sbin/nologin",
            "\(plan.person):x:\(identity.uid):\(identity.gid)::\(plan.home):/bin/bash",
            "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
        ])
        group = Self.file(
            ["root:x:0:"]
                + groups.map { "\($0.name):x:\($0.gid):\($0.gid == identity.gid ? "" : plan.person)" }
                + ["nogroup:x:65534:"])
    }

    /// Sorted by gid, each gid and each name once. The primary group has the person's name unless it is one of the named.
    private static func groups(_ plan: Plan) -> [(name: String, gid: UInt32)] {
        var names: [UInt32: String] = [plan.identity.gid: plan.person]
        for (name, gid) in plan.identity.groupNames.sorted(by: { $0.key < $1.key }) { names[gid] = fileName(name) }
        var taken: Set<String> = ["root", "nogroup"]
        return names.sorted { $0.key < $1.key }.map { gid, name in
            (taken.insert(name).inserted ? name : "\(name)-\(gid)", gid)
        }
    }

    /// A colon separates fields there: `project:photoz` is written `project-photoz`. Only the number gives rights.
    private static func fileName(_ name: String) -> String {
        String(name.map { $0 == ":" || $0 == "," || $0.isWhitespace ? "-" : $0 })
    }

    private static func file(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }
}
