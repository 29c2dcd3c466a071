import Foundation
import OrreryDocument
import OrreryModel
import OrreryPocket

@testable import OrreryAgent

/// Policies and pods to try on each other.
enum PolicySamples {
    static func policy(_ text: String) throws(DocumentError) -> SitePolicy {
        try SitePolicy(try DocumentNode.parse(text, file: "policy.yaml"))
    }

    /// One that names all that the golden pods have.
    static let roomy = """
        site: South
        registries: [registry.example/lab, registry.example/stack]
        hostPaths: [/srv/cvmfs, {path: /srv/scratch, writable: true}]
        nfs: [{server: nfs.north, path: /exports, writable: true}]
        csiDrivers: [smb.csi.k8s.io]
        storageClasses: [fast]
        priorityClasses: [interactive]
        runtimeClasses: [nvidia]
        tolerations: [gpu, spot]
        imagePullSecrets: [registry]
        maxima: {cpu: 8, memory: 64Gi, gpu: 2, lifetime: 7d, claim: 100Gi}
        """

    /// The pods that the spawner makes, whole, by the names of their files.
    static func golden() throws -> [(name: String, pod: JSON)] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "OrrerySpawnTests/Golden")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try files.compactMap { file in
            let object = try JSON(parsing: Array(try Data(contentsOf: folder.appending(path: file))))
            return object["kind"] == "Pod" ? (file, object) : nil
        }
    }

    static func standard() throws -> JSON {
        try golden().first { $0.name == "tokens.json" }?.pod ?? .null
    }
}
