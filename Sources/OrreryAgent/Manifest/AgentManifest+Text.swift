import OrreryDocument
import OrreryModel

extension AgentManifest {
    /// The objects as YAML. With `explaining`, each right has its reason beside it.
    package func text(explaining: Bool = false) -> String {
        let documents = objects.map { object in
            let text = YAMLText(object).description
            guard explaining, let rules = object["rules"]?.array else { return text }
            return Self.explanation(of: rules, in: object["metadata"]?["namespace"]?.string) + text
        }
        return documents.joined(separator: "---\n")
    }

    private static func explanation(of rules: [JSON], in namespace: String?) -> String {
        let place = namespace.map { "in the namespace \($0)" } ?? "in the whole cluster"
        let lines = rules.compactMap { rule in AgentRight.all.first { $0.rule == rule } }.map { right in
            "#   \(right.verbs.joined(separator: ", ")) \(right.resource)"
                + (right.names.isEmpty ? "" : " (\(right.names.joined(separator: ", ")) alone)")
                + ": \(right.reason)\n"
        }
        return "# What the agent may do \(place):\n" + lines.joined()
    }
}
