import FoundationEssentials
import OrreryKubernetes
import OrreryModel

/// Exchanges recorded from a real control plane, when they lie beside the repository or where ORRERY_SHARED says.
enum Recording {
    static let directory: URL = {
        let shared = ProcessInfo.processInfo.environment["ORRERY_SHARED"].map { URL(filePath: $0) }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return (shared ?? root.deletingLastPathComponent().appending(path: "shared"))
            .appending(path: "kubernetes/recorded")
    }()

    static var isThere: Bool { FileManager.default.fileExists(atPath: directory.path) }

    static func exchanges(_ name: String) throws -> [JSON] {
        let text = try Data(contentsOf: directory.appending(path: "\(name).json"))
        return try JSONDecoder().decode(JSON.self, from: text)["exchanges"]?.array ?? []
    }

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
