internal import OrreryModel

/// Who was given which rules: the Roles and RoleBindings of the namespaces, as they are at this moment.
struct Bindings: Sendable {
    let store: ObjectStore

    /// The rules that a user with these groups has in `namespace` through its bindings.
    func rules(of user: String, groups: [String], in namespace: String) -> [AccessRule] {
        guard !namespace.isEmpty else { return [] }
        return store.list(.rolebindings, namespace: namespace).objects
            .filter { binding in
                (binding["subjects"]?.array ?? []).contains { isMeant($0, user, groups) }
            }
            .flatMap { rules(named: $0["roleRef"], in: namespace) }
    }

    /// The rules of the Role that `reference` names; none for a ClusterRole, of which there are none here.
    func rules(named reference: JSON?, in namespace: String) -> [AccessRule] {
        guard reference?["kind"]?.string == "Role", let name = reference?["name"]?.string else { return [] }
        let role = store.object(ObjectStore.Key(kind: .roles, namespace: namespace, name: name))
        return (role?["rules"]?.array ?? []).map(AccessRule.init)
    }

    private func isMeant(_ subject: JSON, _ user: String, _ groups: [String]) -> Bool {
        let name = subject["name"]?.string ?? ""
        return switch subject["kind"]?.string {
        case "ServiceAccount": user == "system:serviceaccount:\(subject["namespace"]?.string ?? ""):\(name)"
        case "User": user == name
        case "Group": groups.contains(name)
        default: false
        }
    }
}
