import Foundation
import OrreryModel

@testable import OrreryPolicy

/// A site of three clusters: a home on all, data on two, GPU on one.
enum PlacementSample {
    static let now = Date(timeIntervalSince1970: 1_795_000_000)

    static func policy(quotas: Quotas = Quotas()) throws -> Policy {
        let directory = PolicyDirectory(documents(quotas: ""))
        let policy = try directory.load(groups: ["science", "cern", "developers"])
        return Policy(
            filesets: Array(policy.filesets.values), profiles: policy.profiles,
            environments: Array(policy.environments.values), sizes: Array(policy.sizes.values),
            registries: policy.registries, bindings: Array(policy.bindings.values), quotas: quotas)
    }

    static func documents(quotas: String, standard: String = "") -> [String: String] {
        [
            "filesets.yaml": """
            filesets:
              home: {at: "/home/{user}", home: true, required: true, grants: [{to: [everyone], mode: rw}]}
              data: {at: /data, grants: [{to: [science], mode: ro}]}
            """,
            "profiles.yaml": """
            registries: [{host: registry.example, repos: ["lab/*"]}]
            environments:
              lab: {image: registry.example/lab/jupyterlab, digest: "sha256:\(String(repeating: "a", count: 64))"}
            sizes:
              small: {cpu: 1, memory: 2Gi}
              gpu: {cpu: 4, memory: 16Gi, gpu: 1}
            profiles:
              standard:
                default: true
                allow: [science, developers]
                environments: [lab]
                sizes: {small: [everyone], gpu: [science]}
                filesets: {offer: all}
                life: {max: 7d}
            \(standard)
            \(quotas)
            """,
            "clusters/north.yaml": binding("north", data: true), "clusters/south.yaml": binding("south", data: true),
            "clusters/west.yaml": binding("west", data: false),
        ]
    }

    private static func binding(_ name: String, data: Bool) -> String {
        """
        cluster: \(name)
        sources:
          home: {pvc: home, path: "{user}"}
        \(data ? "  data: {pvc: data}" : "")
        """
    }

    static func facts(_ name: String, _ change: (inout ClusterFacts) -> Void = { _ in }) -> ClusterFacts {
        var facts = ClusterFacts(name: name, title: name.capitalized)
        change(&facts)
        return facts
    }

    static let clusters = ["north", "south", "west"].map { facts($0) }

    static func request(
        _ name: String = "ada", in groups: Set<String> = ["science"], size: String? = nil, pin: String? = nil,
        past: [String] = []
    ) -> PlacementRequest {
        PlacementRequest(
            person: .named(name, in: groups), profile: "standard", size: size, pin: pin, past: past)
    }
}

extension Placement {
    /// The cluster it went to.
    var cluster: String? { if case .placed(let plan) = outcome { plan.cluster } else { nil } }
    var isQueued: Bool { if case .queued = outcome { true } else { false } }
    var refusals: [Refusal] { if case .refused(let refusals) = outcome { refusals } else { [] } }
}
