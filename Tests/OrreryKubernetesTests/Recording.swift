import FoundationEssentials
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

    static func names(_ prefix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }
}
