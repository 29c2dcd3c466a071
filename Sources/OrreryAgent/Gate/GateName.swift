/// How the objects of sessions are called, which keeps a hub from every other object of the same kind: Secrets cannot be
/// read to see whose they are.
package enum GateName: Hashable, Sendable {
    /// A session's pod: `nb-ada-01k0…`.
    case session
    /// A Secret of one: the pod's name and `-token` or `-tokens`.
    case tokens
    /// The ConfigMap of one: the pod's name and `-accounts`.
    case accounts

    /// Whether `name` is one of these.
    package func accepts(_ name: String) -> Bool {
        guard name.isObjectName, name.hasPrefix("nb-") else { return false }
        return switch self {
        case .session: name.utf8.count <= 63
        case .tokens: name.hasSuffix("-token") || name.hasSuffix("-tokens")
        case .accounts: name.hasSuffix("-accounts")
        }
    }
}
