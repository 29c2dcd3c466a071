import OrreryIdentity
import OrreryModel

/// Who may enter, as far as the configuration alone decides it.
extension HubConfiguration.Auth {
    /// Throws a refusal, in words for that person, unless a group of `claimant` may enter and nothing denies the identity.
    func admit(_ claimant: Claimant, from issuer: String) throws(HubError) {
        guard !users.denies(claimant.identity, of: issuer) else { throw .denied }
        let groups = (claimant.membership.groups.map(\.name) + claimant.membership.raised.map(\.group.name)).sorted()
        guard !groups.contains(where: allow.contains) else { return }
        let detail =
            "the issuer \(issuer) gives \(claimant.claimedGroups) and \(claimant.ignoredGroups) values that are no groups"
        if let dormant = claimant.membership.dormant.first(where: { allow.contains($0.group) }) {
            throw HubError(
                .forbidden,
                "you would be in \(dormant.group), but \(dormant.shortfall.sentence(issuer: title(of: issuer)))",
                next: dormant.shortfall.isAboutTheLogin
                    ? "open /hub/login/\(issuer)?raise=\(dormant.group) for that" : nil,
                detail: detail)
        }
        throw HubError(
            .forbidden,
            groups.isEmpty
                ? "you are logged in, but you are in no group that this hub knows"
                : "you are logged in, but none of your groups (\(groups.joined(separator: ", "))) may enter this hub",
            next: "ask for membership in one of: \(allow.sorted().joined(separator: ", "))", detail: detail)
    }

    /// A gid opens files as a group does, so an issuer must not say what the rules do not let it say: the gid of a group
    /// that it does not give, or one of the hub's own range, where every number is one person's. `own` is the uid that the person
    /// has here; who has one is given no other.
    func checkNumbers(of claimant: Claimant, own: UInt32? = nil) throws(HubError) {
        if let uid = claimant.uid, own == nil, users.uids?.contains(uid) == true {
            throw HubError(
                .conflict,
                "the number (uid) that your issuer gives you is one that this hub gives to people without one",
                next: "ask an operator of this hub", detail: "uid \(uid) is within users.uid")
        }
        guard let gid = claimant.gid else { return }
        let groups = claimant.membership.groups.union(claimant.membership.raised.map(\.group))
        guard !isGroup(gid) || groups.contains(where: { $0.gid == gid }) else {
            throw HubError(
                .conflict, "the group number (gid) that your issuer gives you is that of a group you are not in",
                next: "ask an operator of this hub", detail: "gid \(gid) is a group's of auth.groups")
        }
        guard users.uids?.contains(gid) == true, gid != own else { return }
        throw HubError(
            .conflict, "the group number (gid) that your issuer gives you is one that this hub gives to single people",
            next: "ask an operator of this hub", detail: "gid \(gid) is within users.uid")
    }

    private func title(of issuer: String) -> String { issuers.first { $0.label == issuer }?.title ?? issuer }
}
