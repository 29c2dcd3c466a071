import FoundationEssentials

extension ClusterAccess {
    /// The cluster in whose pod this process runs, as the kubelet describes it to every pod with a service account: the
    /// token is read again as it is renewed. `namespace` is where sessions live, nil for the pod's own.
    ///
    /// Throws `.badRequest` with a sentence for the administrator when this is no such pod.
    package static func inCluster(
        name: String, namespace: String? = nil,
        directory: String = "/var/run/secrets/kubernetes.io/serviceaccount",
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(KubernetesError) -> ClusterAccess {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"].flatMap({ UInt16($0) })
        else {
            throw .badRequest(
                "this is no pod of a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
        }
        guard FileManager.default.isReadableFile(atPath: directory + "/token") else {
            throw .badRequest(
                "there is no token in \(directory): the hub's pod needs a serviceAccountName, and its token mounted")
        }
        guard let own = namespace ?? text(directory + "/namespace") else {
            throw .badRequest("\(directory)/namespace cannot be read: write `namespace`")
        }
        let address = host.contains(":") ? "[\(host)]" : host
        return ClusterAccess(
            name: name, server: "https://\(address):\(port)", credential: .tokenFile(directory + "/token"),
            authority: .file(directory + "/ca.crt"), namespace: own)
    }

    private static func text(_ path: String) -> String? {
        let words = try? String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isWhitespace)
        return words?.first.map { String($0) }
    }
}
