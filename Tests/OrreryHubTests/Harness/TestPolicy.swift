import Foundation
import OrreryPolicy

/// The policy that the hub tests run under: one profile, two sizes, two clusters, files for two groups.
enum TestPolicy {
    static let groups: Set<String> = ["atlas", "science", "operators", "project:{g}"]

    /// `change` makes other profiles of ours.
    static func load(in directory: String, _ change: (String) -> String = { $0 }) throws -> Policy {
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(directory)/clusters", withIntermediateDirectories: true)
        try filesets.write(toFile: "\(directory)/filesets.yaml", atomically: true, encoding: .utf8)
        try change(profiles).write(toFile: "\(directory)/profiles.yaml", atomically: true, encoding: .utf8)
        for cluster in ["north", "south"] {
            try binding(cluster).write(
                toFile: "\(directory)/clusters/\(cluster).yaml", atomically: true, encoding: .utf8)
        }
        return try Policy.load(directory: directory, groups: groups)
    }

    /// The same in a directory that is not kept.
    static func changed(_ change: (String) -> String) throws -> Policy {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        return try load(in: directory, change)
    }

    private static let filesets = """
        filesets:
          home:
            at: "/home/{user}"
            home: true
            required: true
            grants: [{to: [everyone], mode: rw}]
          scratch:
            at: "/scratch/{user}"
            sensitive: true
            grants: [{to: [atlas], mode: rw}]
        """

    private static let profiles = """
        registries: [{host: registry.example, repos: ["lab/*"]}]
        environments:
          lab:
            title: JupyterLab
            image: registry.example/lab/jupyterlab
            digest: "sha256:\(String(repeating: "a", count: 64))"
        sizes:
          small: {cpu: {request: 500m, limit: 2}, memory: {request: 1Gi, limit: 4Gi}}
          large: {cpu: 8, memory: 64Gi}
        profiles:
          standard:
            title: Standard notebook
            default: true
            allow: [atlas, science]
            environments: [lab]
            sizes: {small: [everyone], large: [atlas]}
            filesets: {offer: all}
            life: {max: 7d, grace: 30s}
            options: {cuda: {title: CUDA version, choices: {"12": {env: {CUDA: "12"}}, "13": {env: {CUDA: "13"}}}}}
          special:
            title: Special notebook
            allow: [operators]
            environments: [lab]
            sizes: {small: [everyone]}
            filesets: {offer: all}
            life: {max: 7d, grace: 30s}
        """

    private static func binding(_ cluster: String) -> String {
        """
        cluster: \(cluster)
        sources:
          home: {pvc: home, path: "{user}"}
          \(cluster == "north" ? "scratch: {pvc: scratch, path: \"{user}\"}" : "")
        """
    }
}
