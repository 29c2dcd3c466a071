import OrreryIdentity

extension HubConfiguration {
    /// What is allowed in `orrery.yaml` and yet hardly meant, in sentences.
    var ownWarnings: [String] {
        var warnings: [String] = []
        if auth.allow.isEmpty { warnings.append("nobody may enter: name groups whose members may under auth.allow") }
        if !url.isSecure, !url.isLoopback {
            warnings.append("passwords and cookies cross the network in the clear: `url` begins with http://")
        }
        if auth.session.idle > auth.session.max {
            warnings.append(
                "auth.session.idle means nothing: everybody logs in again after auth.session.max, which is less")
        }
        return warnings + sharedNumbers
    }

    /// Groups whose files would be each other's.
    private var sharedNumbers: [String] {
        let numbered = auth.groups.flatMap { rule in
            ([rule.gid].compactMap(\.self) + rule.gids.values).map { (gid: $0, name: rule.name) }
        }
        return Dictionary(grouping: numbered, by: \.gid).sorted { $0.key < $1.key }.compactMap { gid, groups in
            let names = groups.map { "`\($0.name)`" }
            guard names.count > 1 else { return nil }
            return "gid \(gid) stands at \(names.joined(separator: " and ")): to a file system they are one group"
        }
    }
}

extension PublicURL {
    /// Whether only this machine can reach it.
    var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" || host.hasPrefix("127.")
    }
}
