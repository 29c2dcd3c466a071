internal import OrreryModel

/// One rule of a Role: whoever has it may do these verbs on these resources.
struct AccessRule: Sendable {
    var verbs: [String]
    var groups: [String]
    var resources: [String]
    /// Only objects of these names; empty for all.
    var names: [String] = []

    /// The rule as a Role's object has it.
    init(_ json: JSON) {
        func texts(_ member: String) -> [String] { (json[member]?.array ?? []).compactMap(\.string) }
        verbs = texts("verbs")
        groups = texts("apiGroups")
        resources = texts("resources")
        names = texts("resourceNames")
    }

    /// The rule as pocket's configuration has it, which names resources only.
    init(_ rule: PocketConfiguration.Token.Rule) {
        verbs = rule.verbs
        resources = rule.resources
        let known = Set(rule.resources.compactMap { Kind(rawValue: $0)?.group })
        groups = rule.resources.contains("*") ? ["*"] : known.union([""]).sorted()
    }

    /// `resource` is `pods`, or `pods/log`.
    func allows(_ verb: String, _ resource: String, group: String, name: String) -> Bool {
        let subresource = resource.split(separator: "/").dropFirst().first.map { "*/\($0)" }
        return (verbs.contains(verb) || verbs.contains("*"))
            && (groups.contains(group) || groups.contains("*"))
            && (resources.contains(resource) || resources.contains("*")
                || subresource.map(resources.contains) == true)
            && (names.isEmpty || names.contains(name))
    }

    var json: JSON {
        func list(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
        var json: JSON = ["verbs": list(verbs), "apiGroups": list(groups), "resources": list(resources)]
        if !names.isEmpty { json["resourceNames"] = list(names) }
        return json
    }

    /// The rule as a real server prints it in a refusal.
    var text: String {
        func list(_ texts: [String]) -> String { "[\(texts.map { "\"\($0)\"" }.joined(separator: " "))]" }
        var parts = ["APIGroups:\(list(groups))", "Resources:\(list(resources))"]
        if !names.isEmpty { parts.append("ResourceNames:\(list(names))") }
        return "{\((parts + ["Verbs:\(list(verbs))"]).joined(separator: ", "))}"
    }

    /// Each single thing that the rule allows.
    var grants: [(verb: String, resource: String, group: String, name: String)] {
        verbs.flatMap { verb in
            resources.flatMap { resource in
                groups.flatMap { group in
                    (names.isEmpty ? [""] : names).map { (verb, resource, group, $0) }
                }
            }
        }
    }
}
