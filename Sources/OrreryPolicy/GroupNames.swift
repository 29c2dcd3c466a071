import OrreryDocument
import OrreryModel

/// The groups that identity can give: plain names, and rules with a hole such as `project:{g}` which make one group for
/// each text that fills it.
struct GroupNames: Sendable {
    let names: Set<String>

    init(_ names: Set<String>) { self.names = names }

    func contains(_ name: String) -> Bool {
        !name.contains("{") && names.contains { $0 == name || Self.rule($0, makes: name) }
    }

    /// The kinds of group that rules with a hole make, written as `each` writes them.
    var kinds: [String] {
        names.compactMap { rule in rule.firstIndex(of: "{").map { "\(rule[..<$0])*" } }.sorted()
    }

    /// Whether some rule makes groups that `pattern` matches.
    func make(_ pattern: GroupPattern) -> Bool {
        kinds.contains("\(pattern)")
    }

    private static func rule(_ rule: String, makes name: String) -> Bool {
        guard let open = rule.firstIndex(of: "{"), let close = rule[open...].firstIndex(of: "}") else { return false }
        let (before, after) = (rule[..<open], rule[rule.index(after: close)...])
        return name.hasPrefix(before) && name.hasSuffix(after) && name.count > before.count + after.count
    }

    /// The text of `node` as a group that somebody can be in.
    func group(_ node: DocumentNode) throws(DocumentError) -> String {
        let name = try node.string()
        guard contains(name) else { throw unknown(name, at: node, also: []) }
        return name
    }

    /// The list `node` as the people it means: groups, `everyone`, and `member` where a group is being expanded.
    func audience(_ node: DocumentNode, expanding: Bool = false) throws(DocumentError) -> [Audience] {
        var audience: Set<Audience> = []
        for element in try node.list() {
            switch try element.string() {
            case "everyone": audience.insert(.everyone)
            case "member" where expanding: audience.insert(.member)
            case "member": throw element.error("`member` means something only in a fileset with `each`")
            case let name where contains(name): audience.insert(.group(name))
            case let name: throw unknown(name, at: element, also: expanding ? ["everyone", "member"] : ["everyone"])
            }
        }
        return audience.sorted { "\($0)" < "\($1)" }
    }

    private func unknown(_ name: String, at node: DocumentNode, also words: [String]) -> DocumentError {
        let plain = names.filter { !$0.contains("{") }.sorted()
        let hint = nearestName(to: name, among: words + plain).map { "did you mean `\($0)`?" }
        let known = "known are \((words + plain + kinds).joined(separator: ", "))"
        return node.error("there is no group `\(name)`; \(hint ?? known)")
    }
}

extension Policy {
    /// Whether somebody can be in `group` when identity gives `known`, in which `project:{g}` is a rule with a hole; if not, the
    /// one that was probably meant.
    package static func lookUp(_ group: String, among known: Set<String>) -> (isKnown: Bool, meant: String?) {
        let names = GroupNames(known)
        return (names.contains(group), nearestName(to: group, among: known.filter { !$0.contains("{") }.sorted()))
    }
}

/// The groups that a fileset is expanded for, such as `project:*`: one mount for each of them that the person is in.
package struct GroupPattern: Hashable, Sendable {
    /// Everything before the `*`.
    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    /// What stands for `{group}` when `group` is expanded: `photoz` for `project:photoz`. Nil for another kind of group.
    func value(of group: Group) -> String? {
        guard group.name.hasPrefix(prefix), group.name.count > prefix.count else { return nil }
        return String(group.name.dropFirst(prefix.count))
    }

    init(_ node: DocumentNode, groups: GroupNames) throws(DocumentError) {
        let text = try node.string()
        guard text.count > 1, text.hasSuffix("*"), !text.dropLast().contains("*") else {
            throw node.error("a kind of group such as `project:*` is wanted here, not `\(text)`")
        }
        prefix = String(text.dropLast())
        guard groups.make(self) else {
            let hint = nearestName(to: text, among: groups.kinds).map { "; did you mean `\($0)`?" } ?? ""
            throw node.error("no rule of identity makes groups like `\(text)`\(hint)")
        }
    }
}

extension GroupPattern: CustomStringConvertible {
    package var description: String { "\(prefix)*" }
}
