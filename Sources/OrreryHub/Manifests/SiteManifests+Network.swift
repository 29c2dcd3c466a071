import Foundation
package import OrreryModel
import OrreryPolicy

extension SiteManifests {
    /// From where sessions are reached, and where they may not go although the internet is open to them.
    package struct Network: Sendable {
        /// The namespaces of proxy and agent in this cluster; empty where neither runs in it.
        package var proxyNamespaces: [String] = []
        /// The addresses of a proxy outside, as `192.0.2.7/32`.
        package var proxyAddresses: [String] = []
        /// Public addresses that are closed too: storage servers, the API server.
        package var closed: [String] = []
        /// The labels of the hub's pods, where it is in this cluster; empty for the usual names of hub and proxy.
        package var hubLabels: [String: String] = [:]
        /// The ports of those pods; empty for those that the configuration has.
        package var hubPorts: [Int] = []

        package init() {}
    }

    /// The NetworkPolicy of the sessions: in only from proxy or agent, out to names, the internet and the hub.
    package func networkPolicy(_ network: Network) throws(HubError) -> [JSON] {
        let sources =
            network.proxyNamespaces.map { Self.peers(inNamespace: $0) }
            + network.proxyAddresses.map { ["ipBlock": ["cidr": .string($0)]] as JSON }
        guard !sources.isEmpty else {
            throw HubError(
                .cannotStart, "nobody could reach a session",
                next: "say where proxy or agent are: --proxy-namespace NAME or --proxy-address 192.0.2.7/32")
        }
        let ports = Set(policy.environments.values.map(\.port)).sorted()
        return [
            [
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata("orrery-sessions"),
                "spec": [
                    "podSelector": ["matchLabels": ["orrery.io/hub": .string(settings.hub)]],
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": [["from": .array(sources), "ports": .array(ports.map { Self.port(Int64($0)) })]],
                    "egress": .array([Self.names, internet(network)] + [try hub(network)].compactMap { $0 }),
                ],
            ]
        ]
    }

    /// What whoever applies it ought to know; nil for nothing.
    package var networkNote: String? {
        guard settings.isJoined else { return nil }
        return
            "`orrery-agent manifest` makes a NetworkPolicy orrery-sessions in the namespace \(settings.namespace), too: "
            + "this one takes its place there, until the agent's manifest is applied again"
    }

    private static func peers(inNamespace name: String) -> JSON {
        [
            "namespaceSelector": ["matchLabels": ["kubernetes.io/metadata.name": .string(name)]],
            "podSelector": called("orrery-proxy", "orrery-agent"),
        ]
    }

    /// Pods by the name that they are usually labelled with.
    private static func called(_ names: JSON...) -> JSON {
        ["matchExpressions": [["key": "app.kubernetes.io/name", "operator": "In", "values": .array(names)]]]
    }

    private static func port(_ number: Int64, _ transport: String = "TCP") -> JSON {
        ["port": .integer(number), "protocol": .string(transport)]
    }

    /// The cluster's own name service.
    private static let names: JSON = [
        "to": [
            [
                "namespaceSelector": ["matchLabels": ["kubernetes.io/metadata.name": "kube-system"]],
                "podSelector": ["matchLabels": ["k8s-app": "kube-dns"]],
            ]
        ],
        "ports": [port(53, "UDP"), port(53)],
    ]

    /// Servers of this cluster's sources that have an address and no name.
    private var storageServers: [String] {
        binding.sources.values.compactMap { source in
            guard case .shared(.nfs(let export)) = source.storage, let address = InternetAddress(export.server) else {
                return nil
            }
            return "\(address)/\(address.bytes.count * 8)"
        }
    }

    private func internet(_ network: Network) -> JSON {
        let closed = Set(network.closed + storageServers)
        let (six, four) = (closed.filter { $0.contains(":") }.sorted(), closed.filter { !$0.contains(":") }.sorted())
        let block = { (all: String, but: [String]) -> JSON in
            ["ipBlock": ["cidr": .string(all), "except": .array(but.map { .string($0) })]]
        }
        return ["to": [block("0.0.0.0/0", ClosedNetworks.v4 + four), block("::/0", ClosedNetworks.v6 + six)]]
    }

    /// The way to the hub's API, where the internet is not the way: a service of this cluster by its name, or an address.
    /// Nil for a public name.
    private func hub(_ network: Network) throws(HubError) -> JSON? {
        guard let url = URLComponents(string: settings.api), let host = url.host, !host.isEmpty else {
            throw HubError(.cannotStart, "hub.api is no address: \(settings.api)")
        }
        let port = Self.port(Int64(url.port ?? (url.scheme == "http" ? 80 : 443)))
        let bare = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        if let address = InternetAddress(bare) {
            let network = "\(address)/\(address.bytes.count * 8)"
            return ["to": [["ipBlock": ["cidr": .string(network)]]], "ports": [port]]
        }
        let labels = host.split(separator: ".").map(String.init)
        guard labels.count == 2 || labels.dropFirst(2).first == "svc" else { return nil }
        // Behind a service, a NetworkPolicy sees the pods and their own port. Whatever else is in that namespace, a database
        // perhaps, is no session's business.
        let pods =
            network.hubLabels.isEmpty
            ? Self.called("orrery-hub", "orrery-proxy", "orrery") : ["matchLabels": Self.strings(network.hubLabels)]
        let ports = network.hubPorts.isEmpty ? settings.ports : Set(network.hubPorts).sorted()
        return [
            "to": [
                [
                    "namespaceSelector": ["matchLabels": ["kubernetes.io/metadata.name": .string(labels[1])]],
                    "podSelector": pods,
                ]
            ],
            "ports": .array(ports.map { Self.port(Int64($0)) }),
        ]
    }
}
