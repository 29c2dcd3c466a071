import FoundationEssentials
import OrreryDocument
import OrreryFetch
import OrreryKubernetes
import OrreryLink
import OrreryModel

extension Doctor {
    /// A doctor for the cluster of a kubeconfig, or for the one in whose pod this runs. Throws a sentence when there is neither.
    package init(
        kubeconfig: String?, namespace: String?, own: String?, image: String?, policy: SitePolicyKeeper
    ) throws {
        let access: ClusterAccess
        if let kubeconfig {
            let document = try DocumentNode.parse(try DocumentNode.text(ofFile: kubeconfig), file: kubeconfig)
            access = try Kubeconfig.read(document, name: "cluster", namespace: namespace, origin: .local)
        } else {
            access = try .inCluster(name: "cluster", namespace: namespace)
        }
        let pods = kubeconfig == nil ? try? ClusterAccess.inCluster(name: "cluster").namespace : nil
        self.init(
            client: KubernetesClient(access, transport: Fetcher()), own: own ?? pods ?? AgentManifest().namespace,
            policy: policy, image: image)
    }
}

extension Doctor {
    /// The hub of a join string in a file, or in the variable `ORRERY_JOIN`; nil where there is neither.
    package static func hub(
        joinFile: String?, authorities: String?, environment: [String: String]
    ) throws -> Hub? {
        guard
            let text = try joinFile.map({ try String(contentsOfFile: $0, encoding: .utf8) })
                ?? environment["ORRERY_JOIN"]
        else { return nil }
        let join = try JoinString(text)
        return Hub(join: join, way: try HTTPProxy.of(environment, to: join.host), authorities: authorities)
    }
}

extension Finding {
    /// The finding as one line of JSON.
    package var json: String {
        var members: [String: String] = ["grade": grade.rawValue, "subject": subject, "found": found]
        members["whose"] = whose
        members["next"] = next
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(members)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
