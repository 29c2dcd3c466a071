import Foundation
import OrreryModel

/// All rules of a hub together.
struct GroupRules: Sendable {
    let rules: [GroupRule]

    /// The hub groups that `values` open, said by the issuer called `label` together with `evidence`. Where two rules make
    /// one group, one whose requirement is met goes before one that sleeps, and one that needs nothing new before one that
    /// ends; about the gid decides the one without a hole, and of two such the first.
    func membership(
        openedBy values: [String], of label: String, kind: GroupsKind, evidence: Evidence, at now: Date
    ) -> Membership {
        var membership = Membership()
        for rule in rules.filter({ !$0.isFamily }) + rules.filter(\.isFamily) where rule.concerns(label) {
            let groups = values.compactMap { rule.group(openedBy: $0, of: label, kind: kind) }
            for group in groups { membership.add(group, rule.requirement, evidence, at: now) }
        }
        return membership
    }
}
