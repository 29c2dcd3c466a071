import OrreryModel

// Who the processes of a pod are, and where it may go.
extension PodInspection {
    mutating func inspectIdentity() {
        guard let context = spec["securityContext"] else {
            return refuse("\(policy.subject) wants a session that says who its processes are (`securityContext`).")
        }
        only(Self.contextFields, in: context, "a pod's `securityContext`")
        if context["runAsNonRoot"] != true {
            refuse("\(policy.subject) runs nothing as root: the session must say `runAsNonRoot: true`.")
        }
        inspectSeccomp(context)
        identify("runAsUser", in: context, policy.uids, "users")
        identify("runAsGroup", in: context, policy.gids, "groups")
        identify("fsGroup", in: context, policy.gids, "groups")
        for group in list("supplementalGroups", in: context) { identify(group, policy.gids, "groups") }
        if context["runAsUser"] == nil, policy.uids != SitePolicy().uids {
            refuse(allows: "the users \(words(policy.uids))", asks: "whatever user its image names")
        }
        inspectGroups(of: context)
        if let policy = context["fsGroupChangePolicy"], policy != "OnRootMismatch" {
            refuse("\(self.policy.subject) changes the group of files only where the volume's root is another's.")
        }
    }

    /// No group may come from elsewhere: not root's, which processes get whose user is named and whose group is not, and where
    /// the site bounds groups, none that the image has.
    private mutating func inspectGroups(of context: JSON) {
        let namesUser =
            context["runAsUser"] != nil
            || (spec["containers"]?.array ?? []).contains { $0["securityContext"]?["runAsUser"] != nil }
        let bounded = policy.boundsGroups
        if context["runAsGroup"] == nil, namesUser {
            refuse("\(policy.subject) wants a session that names its user to name its group too (`runAsGroup`).")
        } else if context["runAsGroup"] == nil, bounded {
            refuse(allows: "the groups \(words(policy.gids))", asks: "whatever group its image names")
        }
        if bounded, context["supplementalGroupsPolicy"] != "Strict" {
            refuse(
                "\(policy.subject) allows the groups \(words(policy.gids)), and none that an image adds "
                    + "(`supplementalGroupsPolicy: Strict`).")
        }
    }

    /// The same for a container, which may say less than its pod and never more.
    mutating func inspectSecurity(ofContainer context: JSON) {
        only(Self.containerFields, in: context, "a container's `securityContext`")
        if let privileged = context["privileged"], privileged != false {
            refuse("\(policy.subject) runs no privileged containers.")
        }
        if context["allowPrivilegeEscalation"] != false {
            refuse("\(policy.subject) wants `allowPrivilegeEscalation: false`.")
        }
        if let nonRoot = context["runAsNonRoot"], nonRoot != true {
            refuse("\(policy.subject) runs nothing as root: the session must say `runAsNonRoot: true`.")
        }
        identify("runAsUser", in: context, policy.uids, "users")
        identify("runAsGroup", in: context, policy.gids, "groups")
        let capabilities = context["capabilities"] ?? [:]
        only(["add", "drop"], in: capabilities, "a container's capabilities")
        if let added = capabilities["add"], added != [] {
            refuse("\(policy.subject) adds no capabilities to a session.")
        }
        if capabilities["drop"] != ["ALL"] { refuse("\(policy.subject) wants all capabilities dropped.") }
    }

    mutating func inspectPlacing() {
        for toleration in list("tolerations", in: spec) {
            guard let key = toleration["key"]?.string, !key.isEmpty else {
                refuse("\(policy.subject) lets no session put up with every taint.")
                continue
            }
            guard !key.isTaintOfClusterOwn else {
                refuse("\(policy.subject) runs no sessions on nodes for its own purposes (`\(key)`).")
                continue
            }
            if !policy.tolerations.containsExactly(key) { refuse("taints", policy.tolerations, key) }
        }
        for secret in list("imagePullSecrets", in: spec) {
            only(["name"], in: secret, "a reference to a Secret of images")
            let name = secret["name"]?.string ?? ""
            if !policy.imagePullSecrets.containsExactly(name) {
                refuse("Secrets for images", policy.imagePullSecrets, name)
            }
        }
        chosen("priorityClassName", from: policy.priorityClasses, "priority classes")
        chosen("runtimeClassName", from: policy.runtimeClasses, "runtime classes")
    }

    private mutating func chosen(_ field: String, from names: [String], _ what: String) {
        guard let value = spec[field] else { return }
        guard let name = value.string, names.containsExactly(name) else {
            return refuse(what, names, value.string ?? "?")
        }
    }

    /// `South allows the runtime classes a, b; this asks for c.`
    private mutating func refuse(_ what: String, _ names: [String], _ wanted: String) {
        let allowed = names.isEmpty ? "no \(what)" : "the \(what) \(names.joined(separator: ", "))"
        refuse(allows: allowed, asks: "`\(wanted)`")
    }

    private mutating func inspectSeccomp(_ context: JSON) {
        guard context["seccompProfile"] == ["type": "RuntimeDefault"] else {
            return refuse("\(policy.subject) wants the seccomp profile `RuntimeDefault`.")
        }
    }

    private mutating func identify(_ field: String, in context: JSON, _ ranges: [ClosedRange<Int64>], _ what: String) {
        if let value = context[field] { identify(value, ranges, what) }
    }

    private mutating func identify(_ value: JSON, _ ranges: [ClosedRange<Int64>], _ what: String) {
        guard let number = value.integer else {
            return refuse("\(policy.subject) cannot read a number among the session's \(what).")
        }
        guard !ranges.contains(where: { $0.contains(number) }) else { return }
        refuse(allows: "the \(what) \(words(ranges))", asks: "\(number)")
    }

    private func words(_ ranges: [ClosedRange<Int64>]) -> String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
            .joined(separator: ", ")
    }

    private static let contextFields: Set<String> = [
        "runAsNonRoot", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "fsGroup",
        "fsGroupChangePolicy", "seccompProfile",
    ]
    private static let containerFields: Set<String> = [
        "allowPrivilegeEscalation", "privileged", "runAsNonRoot", "runAsUser", "runAsGroup", "capabilities",
        "readOnlyRootFilesystem",
    ]
}
