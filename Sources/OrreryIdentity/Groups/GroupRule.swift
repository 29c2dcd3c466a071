package import OrreryModel

/// How one hub group, or a family of them, is entered: through issuer-qualified groups, each as its issuer's kind of
/// groups compares.
///
/// `developers` from `wlcg:/orrery/developers` is one group. `project:{g}` from `wlcg:/orrery/project/{g}` is a family: the
/// hole stands for one name of letters, digits, `_`, `.` and `-`, beginning with a letter or digit, never for a path.
package struct GroupRule: Hashable, Sendable {
    package let name: String
    /// The POSIX group of every group of this rule for which `gids` says nothing.
    package let gid: UInt32?
    /// For a family: the POSIX group by what stands in the hole.
    package let gids: [String: UInt32]
    /// Issuer-qualified groups, `label:group`.
    package let from: [String]
    /// Without it the membership sleeps.
    package let requirement: Requirement

    package init(
        _ name: String, gid: UInt32? = nil, gids: [String: UInt32] = [:], from: [String],
        requirement: Requirement = Requirement()
    ) {
        self.name = name
        self.gid = gid
        self.gids = gids
        self.from = from
        self.requirement = requirement
    }

    /// Whether the rule's name has a hole.
    var isFamily: Bool { GroupPattern(name)?.hole != nil }

    /// What is wrong with this rule, as a clause for its author; nil when nothing is.
    package func problem(issuers: [IssuerConfiguration]) -> String? {
        guard let target = GroupPattern(name) else { return "a group's name has at most one hole, such as project:{g}" }
        for source in from {
            guard let (label, text) = Self.split(source), let issuer = issuers.first(where: { $0.label == label })
            else { return "`\(source)` does not begin with the label of an issuer and a colon" }
            guard let pattern = GroupPattern(text), pattern.hole == target.hole else {
                return "`\(source)` and `\(name)` must have the same hole, or both none"
            }
            guard issuer.saysGroups else { return "`\(source)`: the issuer `\(label)` is not asked for groups" }
            if let problem = issuer.groupsKind.problem(with: text) { return "`\(source)`: \(problem)" }
        }
        if target.hole == nil, !gids.isEmpty { return "a group without a hole has one gid, not a gid per name" }
        return ([gid].compactMap(\.self) + gids.values).contains(0) ? "gid 0 is not for people" : nil
    }

    /// Whether one of its groups is the issuer's called `label`.
    func concerns(_ label: String) -> Bool { from.contains { Self.split($0)?.label == label } }

    /// The hub group that `value`, said by the issuer called `label`, opens through this rule.
    func group(openedBy value: String, of label: String, kind: GroupsKind) -> Group? {
        guard let target = GroupPattern(name) else { return nil }
        for source in from {
            guard let (own, text) = Self.split(source), own == label, GroupPattern(text)?.hole == target.hole,
                let name = kind.match(value, text)
            else { continue }
            return Group(name: target.filled(with: name), gid: gids[name] ?? gid)
        }
        return nil
    }

    /// The hub group of this name, with its POSIX group; nil where it is none of this rule's.
    fileprivate func group(named group: String) -> Group? {
        GroupPattern(name)?.match(group).map { Group(name: group, gid: gids[$0] ?? gid) }
    }

    private static func split(_ source: String) -> (label: String, group: String)? {
        guard let colon = source.firstIndex(of: ":"), colon != source.startIndex else { return nil }
        let group = source[source.index(after: colon)...]
        return group.isEmpty ? nil : (String(source[..<colon]), String(group))
    }
}

extension [GroupRule] {
    /// The hub group of this name, with the POSIX group that the rules give it: the one without a hole goes first.
    package func group(named name: String) -> Group {
        let rules = filter { !$0.isFamily } + filter(\.isFamily)
        return rules.lazy.compactMap { $0.group(named: name) }.first ?? Group(name: name)
    }
}
