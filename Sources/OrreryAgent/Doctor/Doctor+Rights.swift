import OrreryKubernetes
import OrreryModel

// What the agent's account may do, and what it must not.
extension Doctor {
    /// One thing to be allowed or not.
    struct Deed: Hashable, Sendable {
        let verb: String
        let resource: String
        var namespace: String
        var name = ""
        var group = ""

        var text: String {
            "\(verb) \(resource)" + (name.isEmpty ? "" : " \(name)")
                + (namespace.isEmpty ? " in all namespaces" : " in \(namespace)")
        }
    }

    /// Everything that the agent needs, one verb each.
    var needed: [Deed] {
        AgentRight.all.flatMap { right in
            right.verbs.flatMap { verb in
                (right.names.isEmpty ? [""] : right.names).flatMap { name in
                    namespaces(of: right.place).map {
                        Deed(verb: verb, resource: right.resource, namespace: $0, name: name)
                    }
                }
            }
        }
    }

    /// What a stolen account could do harm with.
    var harmful: [Deed] {
        let here = [
            ("create", "pods/exec"), ("create", "pods/attach"), ("create", "pods/portforward"), ("get", "pods/proxy"),
            ("patch", "pods/ephemeralcontainers"), ("list", "secrets"), ("get", "secrets"), ("update", "pods"),
            ("create", "serviceaccounts/token"), ("delete", "persistentvolumeclaims"), ("create", "services"),
        ].flatMap { deed in sessionPlaces.map { Deed(verb: deed.0, resource: deed.1, namespace: $0) } }
        let elsewhere = [
            ("list", "secrets", ""), ("create", "pods", "kube-system"), ("list", "pods", ""), ("patch", "nodes", ""),
            ("create", "namespaces", ""), ("list", "secrets", own), ("update", "configmaps", own),
            ("patch", "configmaps", own), ("impersonate", "users", ""),
        ].map { Deed(verb: $0.0, resource: $0.1, namespace: $0.2) }
        let roles = sessionPlaces.flatMap { place in
            [Deed(verb: "delete", resource: "namespaces", namespace: place)]
                + ["create", "update", "patch"].map {
                    Deed(verb: $0, resource: "rolebindings", namespace: place, group: "rbac.authorization.k8s.io")
                }
        }
        return here + elsewhere + roles
    }

    /// Where sessions may live.
    private var sessionPlaces: [String] { policy.current.namespaces ?? [client.namespace] }

    private func namespaces(of place: AgentRight.Place) -> [String] {
        switch place {
        case .sessions: sessionPlaces
        case .own: [own]
        case .system: ["kube-system"]
        // Optional.
        case .cluster: []
        }
    }

    func rights() async -> [Finding] {
        var missing: [Deed] = []
        for deed in needed {
            guard let isAllowed = await isAllowed(deed) else { return [unasked] }
            if !isAllowed { missing.append(deed) }
        }
        guard !missing.isEmpty else {
            return [.ok("rights", "all \(needed.count) that are needed, in \(places(of: needed))")]
        }
        return [
            .failed(
                "rights", "missing: \(missing.map(\.text).joined(separator: "; "))", whose: Self.site,
                next:
                    "apply the Roles and bindings that `orrery-agent manifest` prints, once for each namespace of sessions"
            )
        ]
    }

    func forbidden() async -> [Finding] {
        var given: [Deed] = []
        for deed in harmful {
            guard let isAllowed = await isAllowed(deed) else { return [unasked] }
            if isAllowed { given.append(deed) }
        }
        guard !given.isEmpty else {
            return [
                .ok("no more rights", "none of \(harmful.count) that would do harm, in \(places(of: harmful))")
            ]
        }
        return [
            .warning(
                "no more rights", "the account may also: \(given.map(\.text).joined(separator: "; "))",
                whose: Self.site,
                next:
                    "give the agent an account with the Roles of `orrery-agent manifest` alone: it needs none of these")
        ]
    }

    /// `orrery, orrery-agent, kube-system`, each once.
    private func places(of deeds: [Deed]) -> String {
        var seen: Set<String> = []
        return deeds.map(\.namespace).filter { !$0.isEmpty && seen.insert($0).inserted }.joined(separator: ", ")
    }

    private var unasked: Finding {
        .failed(
            "rights", "the cluster does not say what the agent may do", whose: Self.site,
            next: "let accounts ask about themselves: the ClusterRole system:basic-user, which is usually bound to all")
    }

    /// What the cluster says; nil when it does not.
    private func isAllowed(_ deed: Deed) async -> Bool? {
        let parts = deed.resource.split(separator: "/").map { String($0) }
        var attributes: [String: JSON] = [
            "verb": .string(deed.verb), "resource": .string(parts[0]), "group": .string(deed.group), "version": "v1",
        ]
        if parts.count > 1 { attributes["subresource"] = .string(parts[1]) }
        if !deed.namespace.isEmpty { attributes["namespace"] = .string(deed.namespace) }
        if !deed.name.isEmpty { attributes["name"] = .string(deed.name) }
        let review: JSON = [
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": .object(["resourceAttributes": .object(attributes)]),
        ]
        let answer = try? await ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        guard let answer, answer.status == 201 else { return nil }
        return answer.json["status"]?["allowed"]?.bool ?? false
    }
}
