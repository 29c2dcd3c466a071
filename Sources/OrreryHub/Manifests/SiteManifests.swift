import OrreryDocument
import OrreryKubernetes
package import OrreryModel
import OrreryPolicy

/// What a site applies to its cluster beside the sessions, made from the same documents as they are: `orrery manifests`. Pure:
/// the same documents and settings give the same text.
package struct SiteManifests: Sendable {
    let policy: Policy
    let binding: ClusterBinding
    package var settings: Settings

    /// What the documents of the policy do not say.
    package struct Settings: Sendable {
        /// Where sessions live.
        package var namespace: String
        /// The hub's name on its pods.
        package var hub = "orrery"
        /// The base of the hub's API as sessions reach it.
        package var api: String
        /// The ports of hub and proxy themselves, behind whatever services are in front of them.
        package var ports: [Int]
        /// Whether the cluster joined, so that its agent's manifest is in force there.
        package var isJoined = false
        /// An environment whose image has a shell, `find` and `chown`; nil for the default profile's first one.
        package var environment: String?

        package init(namespace: String, api: String, ports: [Int]) {
            self.namespace = namespace
            self.api = api
            self.ports = ports
        }
    }

    /// Throws when there is no such cluster among those that are `known`. Nil takes the only one.
    package init(
        _ configuration: HubConfiguration, known: KnownClusters, cluster name: String?
    ) throws(HubError) {
        let policy = try known.policy(of: configuration)
        let names = known.clusters.map(\.name)
        guard let wanted = name ?? (names.count == 1 ? names.first : nil) else {
            throw HubError(
                .cannotStart, "there are several clusters",
                next: "name one with --cluster: \(names.joined(separator: ", "))")
        }
        guard let cluster = known.clusters.first(where: { $0.name.isExactly(wanted) }),
            let binding = policy.bindings[cluster.name]
        else {
            throw HubError(
                .cannotStart, "there is no cluster `\(wanted)`", next: "known are \(names.joined(separator: ", "))")
        }
        var settings = Settings(
            namespace: cluster.access.namespace, api: configuration.api,
            ports: Set([configuration.listen.port, configuration.proxy.listen.port]).sorted())
        settings.isJoined = !configuration.clusters.contains { $0.name.isExactly(cluster.name) }
        self.init(policy: policy, binding: binding, settings: settings)
    }

    init(policy: Policy, binding: ClusterBinding, settings: Settings) {
        self.policy = policy
        self.binding = binding
        self.settings = settings
    }

    /// `documents` as a file for `kubectl apply -f -`, with a line on top that says what it is.
    package static func file(_ documents: [JSON], saying words: [String]) -> String {
        words.map { "# \($0)\n" }.joined() + YAMLText(documents: documents).description
    }
}

extension SiteManifests {
    /// The image for the site's own jobs, which is one that sessions run anyway: nothing else can come from a registry.
    func toolImage() throws(HubError) -> String {
        let name = settings.environment ?? policy.defaultProfile?.environments.first
        guard let name, let environment = policy.environments[name] else {
            throw HubError(
                .cannotStart, "there is no environment `\(name ?? "")`",
                next: "known are \(policy.environments.keys.sorted().joined(separator: ", "))")
        }
        return environment.planned.image
    }

    func metadata(_ name: String, labels: [String: String] = [:]) -> JSON {
        [
            "name": .string(name), "namespace": .string(settings.namespace),
            "labels": Self.strings(labels.merging(own(name)) { _, own in own }),
        ]
    }

    func own(_ name: String) -> [String: String] {
        ["app.kubernetes.io/name": name, "app.kubernetes.io/part-of": settings.hub]
    }

    static func strings(_ texts: [String: String]) -> JSON { .object(texts.mapValues { .string($0) }) }

    /// The container of a site's own: no way up, and nothing written beside its volumes.
    static let restricted: JSON = [
        "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": ["drop": ["ALL"]],
    ]

    /// A pod of a site's own that needs nothing of anybody: a nobody, without the cluster's token.
    func spec(of containers: [JSON]) -> JSON {
        var spec: JSON = [
            "automountServiceAccountToken": false, "enableServiceLinks": false, "containers": .array(containers),
            "securityContext": [
                "runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534,
                "seccompProfile": ["type": "RuntimeDefault"],
            ],
        ]
        let secrets = Set(binding.sizes.values.compactMap { $0.nodes?.pullSecret }).sorted()
        if !secrets.isEmpty { spec["imagePullSecrets"] = .array(secrets.map { ["name": .string($0)] }) }
        return spec
    }

    /// So little that it never keeps a session out.
    static let crumbs: JSON = [
        "requests": ["cpu": "1m", "memory": "16Mi"], "limits": ["cpu": "100m", "memory": "64Mi"],
    ]
}

extension Plan.Toleration {
    var json: JSON {
        var json: JSON = ["operator": .string(`operator`)]
        json["key"] = key.map { .string($0) }
        json["value"] = value.map { .string($0) }
        json["effect"] = effect.map { .string($0) }
        json["tolerationSeconds"] = tolerationSeconds.map { .integer($0) }
        return json
    }
}
