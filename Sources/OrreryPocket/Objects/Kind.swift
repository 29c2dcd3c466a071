/// The kinds of objects that pocket keeps, by the plural name that stands in the paths of the API.
package enum Kind: String, Hashable, CaseIterable, Sendable {
    case namespaces
    case nodes
    case pods
    case events
    case secrets
    case configmaps
    case persistentvolumeclaims
    case persistentvolumes
    case resourcequotas
    case storageclasses
    case serviceaccounts
    case roles
    case rolebindings

    /// What stands in an object's `kind`.
    package var name: String {
        switch self {
        case .namespaces: "Namespace"
        case .nodes: "Node"
        case .pods: "Pod"
        case .events: "Event"
        case .secrets: "Secret"
        case .configmaps: "ConfigMap"
        case .persistentvolumeclaims: "PersistentVolumeClaim"
        case .persistentvolumes: "PersistentVolume"
        case .resourcequotas: "ResourceQuota"
        case .storageclasses: "StorageClass"
        case .serviceaccounts: "ServiceAccount"
        case .roles: "Role"
        case .rolebindings: "RoleBinding"
        }
    }

    /// What stands in an object's `apiVersion`.
    package var apiVersion: String { group.isEmpty ? "v1" : "\(group)/v1" }

    /// The group part of `apiVersion`; empty for the core group.
    package var group: String {
        switch self {
        case .storageclasses: "storage.k8s.io"
        case .roles, .rolebindings: "rbac.authorization.k8s.io"
        default: ""
        }
    }

    /// Whether objects of this kind live in a namespace. The others have an empty namespace in their key.
    package var isNamespaced: Bool {
        switch self {
        case .namespaces, .nodes, .persistentvolumes, .storageclasses: false
        case .pods, .events, .secrets, .configmaps, .persistentvolumeclaims, .resourcequotas, .serviceaccounts, .roles,
            .rolebindings:
            true
        }
    }

    /// The kind whose objects call themselves `name` (`Pod`); nil when pocket keeps none of that name.
    package init?(name: String) {
        guard let kind = Kind.allCases.first(where: { $0.name == name }) else { return nil }
        self = kind
    }
}
