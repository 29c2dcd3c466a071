import FoundationEssentials
import OrreryKubernetes
import OrreryModel

// What the recordings say of pods and refusals, as the spawner is given it.
extension Recording {
    /// The states of the pod of one case, from its creation until somebody asked for its deletion.
    static func life(_ name: String) throws -> [Pod] {
        struct Line: Decodable { let object: Pod }
        let lines = try exchanges(name).flatMap { $0["response"]?["lines"]?.array ?? [] }
        let pods = try lines.compactMap { $0.array?.last?.string }.map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).object
        }
        return Array(pods.prefix { !$0.metadata.isTerminating })
    }

    /// The events about the pod of one case.
    static func events(_ name: String) throws -> [ClusterEvent] {
        struct List: Decodable { let items: [ClusterEvent] }
        return try exchanges(name).filter { $0["request"]?["path"]?.string?.contains("/events?") == true }
            .flatMap {
                try JSONDecoder().decode(List.self, from: Data(($0["response"]?["body"]?.string ?? "").utf8)).items
            }
    }

    /// The first refusal of one case that the API server gave with a Status.
    static func refusal(_ name: String, number: Int = 0) throws -> KubernetesError {
        let exchange = try exchanges(name)[number]
        let body = exchange["response"]?["body"]?.string ?? ""
        let status = try JSONDecoder().decode(ClusterStatus.self, from: Data(body.utf8))
        return .refused(
            .init(
                code: status.code ?? 0, reason: status.reason, message: status.message ?? "",
                causes: status.details?.causes ?? []))
    }
}
