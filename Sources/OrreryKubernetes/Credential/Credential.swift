package import OrreryFetch
package import OrreryModel

/// What the hub shows a cluster. Files are read again when they change, since whoever mounts them renews them in place.
package enum Credential: Sendable {
    case token(Secret)
    /// A token that somebody else keeps fresh, as the kubelet does in a pod.
    case tokenFile(String)
    case certificate(ClientCertificate)
    case certificateFiles(chain: String, key: String)
}

/// Whom the hub believes to be the cluster.
package enum Authority: Hashable, Sendable {
    /// The authorities of the system.
    case system
    case pem(String)
    /// A file, read again when it changes: a cluster's authority is exchanged by adding the next one beside it.
    case file(String)
}
