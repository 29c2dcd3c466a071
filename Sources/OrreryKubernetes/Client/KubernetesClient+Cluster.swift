package import OrreryModel

/// What a cluster says of itself, beyond any namespace.
extension KubernetesClient {
    /// The server's version in its own words: `v1.31.4`.
    package func serverVersion() async throws(KubernetesError) -> String {
        let answer = try decode(JSON.self, try await send("GET", ResourcePath(path: "/version"), urgent: true))
        guard let version = answer["gitVersion"]?.string else { throw .unreadable("a version without gitVersion") }
        return version
    }

    /// The uid of a namespace. That of `kube-system` is as good as a cluster's own.
    package func uid(ofNamespace name: String) async throws(KubernetesError) -> String {
        let path = try ResourcePath(namespace: name)
        let uid = try decode(Named.self, try await send("GET", path, urgent: true)).metadata.uid
        guard let uid else { throw .unreadable("the namespace \(name) without a uid") }
        return uid
    }

    /// The nodes, as the cluster has them. Most accounts may not ask.
    package func nodes() async throws(KubernetesError) -> [JSON] {
        let answer = try decode(JSON.self, try await send("GET", ResourcePath(path: "/api/v1/nodes"), urgent: true))
        return answer["items"]?.array ?? []
    }
}
