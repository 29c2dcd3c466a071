package import OrreryModel

/// One right that an agent needs at its cluster, and what for.
package struct AgentRight: Hashable, Sendable {
    /// Where the right is: each place has a Role of its own.
    package enum Place: String, CaseIterable, Sendable {
        /// The namespace of the sessions.
        case sessions
        /// The agent's own namespace.
        case own
        /// `kube-system`, where no more than its name is asked for.
        case system
        /// The whole cluster, for those who want exact figures.
        case cluster
    }

    package let place: Place
    package let resource: String
    package let verbs: [String]
    /// Only objects of these names; empty for all.
    package var names: [String] = []
    package let reason: String

    /// The rule as a Role has it.
    package var rule: JSON {
        func texts(_ values: [String]) -> JSON { .array(values.map { .string($0) }) }
        var rule: JSON = ["apiGroups": [""], "resources": [.string(resource)], "verbs": texts(verbs)]
        if !names.isEmpty { rule["resourceNames"] = texts(names) }
        return rule
    }
}

extension AgentRight {
    /// Exactly what is used: `Tests/Product/test_role.py` takes each of them away once.
    package static let all: [AgentRight] = [
        AgentRight(
            place: .sessions, resource: "pods", verbs: ["get", "list", "watch", "create", "delete"],
            reason: "A session is a pod: made, watched, read back before anything is concluded, removed."),
        AgentRight(
            place: .sessions, resource: "pods/log", verbs: ["get"],
            reason: "The last lines of a session that failed, for its person."),
        AgentRight(place: .sessions, resource: "events", verbs: ["list", "watch"], reason: "Why a session waits."),
        AgentRight(
            place: .sessions, resource: "secrets", verbs: ["create", "patch", "delete"],
            reason:
                "A session's tokens: written, renewed, removed. The gate tells the hub nothing that one holds; by this right "
                + "alone whoever changes a Secret could read it."),
        AgentRight(
            place: .sessions, resource: "configmaps", verbs: ["create", "list", "delete"],
            reason: "A session's /etc/passwd and /etc/group; listed once a day to find what ended sessions have left."),
        AgentRight(
            place: .sessions, resource: "persistentvolumeclaims", verbs: ["get", "create"],
            reason: "A person's own claim, where the site has one for each: made once, looked at before each start, "
                + "never removed."),
        AgentRight(
            place: .sessions, resource: "resourcequotas", verbs: ["list"],
            reason: "How much room the site gives, so that the hub offers no more."),
        AgentRight(
            place: .own, resource: "secrets", verbs: ["create"],
            reason:
                "The Secret with the agent's key, made by the first replica. It names no object, as no right to create "
                + "can."),
        AgentRight(
            place: .own, resource: "secrets", verbs: ["get", "patch"], names: ["orrery-agent-key"],
            reason: "The same key for all replicas, exchanged once a month."),
        AgentRight(
            place: .system, resource: "namespaces", verbs: ["get"], names: ["kube-system"],
            reason: "Its uid tells this cluster from every other, so that a stolen key is of no use elsewhere."),
        AgentRight(
            place: .cluster, resource: "nodes", verbs: ["list"],
            reason: "Optional: the exact room on the nodes. Without it the hub knows of quotas alone."),
    ]
}
