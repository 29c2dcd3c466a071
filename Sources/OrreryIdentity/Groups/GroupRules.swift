import OrreryModel

/// All rules of a hub together.
struct GroupRules: Sendable {
    let rules: [GroupRule]

    /// The hub groups that `values`, said by the issuer called `label`, open. Where two rules make one group, the one
    /// without a hole decides about its gid, and of two such the first.
    func groups(openedBy values: [String], of label: String) -> Set<Group> {
        var groups: [String: Group] = [:]
        for rule in rules.filter({ !$0.isFamily }) + rules.filter(\.isFamily) {
            for group in values.compactMap({ rule.group(openedBy: $0, of: label) }) {
                groups[group.name] = groups[group.name].flatMap { $0.gid == nil ? nil : $0 } ?? group
            }
        }
        return Set(groups.values)
    }
}
