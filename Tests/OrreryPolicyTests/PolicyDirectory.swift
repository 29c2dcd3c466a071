import Foundation
import OrreryDocument
import OrreryModel
import OrreryPolicy
import Testing

/// The documents of a small facility, changed as a test needs it, and what reading them gives.
struct PolicyDirectory {
    private var documents: [String: String]
    /// What the hub trusts clusters with.
    var trust: [String: Set<String>] = [:]

    static let groups: Set<String> = [
        "developers", "science", "collaborators", "operators", "suspended", "project:{g}",
    ]

    init() {
        documents = [
            "filesets.yaml": Self.filesets, "profiles.yaml": Self.profiles,
            "clusters/north.yaml": Self.binding("north"),
            "clusters/south.yaml": Self.binding("south").replacingOccurrences(of: Self.scratch, with: ""),
        ]
    }

    init(_ documents: [String: String]) { self.documents = documents }

    /// The same with the first `text` of `document` replaced, which has to be there.
    func replacing(
        _ text: String, in document: String = "filesets.yaml", with other: String,
        _ location: SourceLocation = #_sourceLocation
    ) -> PolicyDirectory {
        var changed = self
        guard let content = documents[document], let range = content.range(of: text) else {
            Issue.record("\(document) has no `\(text)`", sourceLocation: location)
            return self
        }
        changed.documents[document] = content.replacingCharacters(in: range, with: other)
        return changed
    }

    func removing(_ document: String) -> PolicyDirectory {
        var changed = self
        changed.documents[document] = nil
        return changed
    }

    func adding(_ document: String, _ text: String) -> PolicyDirectory {
        var changed = self
        changed.documents[document] = text
        return changed
    }

    /// What it warns of, from the name of the document on.
    func warnings() throws -> [String] {
        try inDirectory { directory in
            Policy.warnings(directory: directory).map { $0.replacingOccurrences(of: "\(directory)/", with: "") }
        }
    }

    func load(groups: Set<String> = Self.groups) throws -> Policy {
        try inDirectory { try Policy.load(directory: $0, groups: groups, trust: trust) }
    }

    /// The sentences of every error, from the name of the document on.
    func sentences(bound: [String] = []) throws -> [String] {
        try inDirectory { directory in
            Policy.loadAll(directory: directory, groups: Self.groups, trust: trust, bound: bound).errors
                .map { $0.description.replacingOccurrences(of: "\(directory)/", with: "") }
        }
    }

    private func inDirectory<Value>(_ body: (String) throws -> Value) throws -> Value {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("orrery-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory.appendingPathComponent("clusters"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in documents { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
        return try body(directory.path)
    }
}

extension PolicyDirectory {
    private static let filesets = """
        filesets:
          home:
            at: "/home/{user}"
            home: true
            required: true
            grants: [{to: [everyone], mode: rw}]
          project:
            at: "/project/{group}"
            each: "project:*"
            grants: [{to: [member], mode: rw}]
          project-shared:
            at: /project/shared
            grants: [{to: [everyone], mode: ro}]
          dr3:
            at: /datasets/dr3
            grants:
              - {to: [collaborators], mode: ro}
              - {to: [everyone], mode: ro, from: 2027-06-30T00:00:00Z}
            never: [suspended]
          scratch:
            at: "/scratch/{user}"
            grants: [{to: [developers], mode: rw}]
          software:
            at: /software
            surfaces: []
            grants: [{to: [developers], mode: ro}]
        """

    private static let profiles = """
        registries: [{host: registry.example, repos: ["lab/*", base]}]
        environments:
          lab: {title: Lab, image: "registry.example/lab/notebook:2026.11", digest: "\(digest)"}
          bare: {image: registry.example/base, digest: "\(digest)", command: [serve, --bare], port: 9999}
        sizes:
          small: {cpu: {request: 500m, limit: 2500m}, memory: {request: 1Gi, limit: 4Gi}}
          large: {cpu: 8, memory: 64Gi, gpu: 1}
        profiles:
          standard:
            title: Standard
            default: true
            allow: [developers, science]
            environments: [lab, bare]
            sizes: {small: [everyone], large: [developers]}
            filesets: {require: [home], offer: all}
            life: {max: 7d}
            env: {OMP_NUM_THREADS: "{cpu}"}
          bench:
            allow: [developers]
            environments: [lab]
            sizes: {large: [developers]}
            filesets: {require: [home, scratch]}
            life: {max: 12h, grace: 10s}
            limit: {perUser: 1}
        """

    static let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)
    static let scratch = "  scratch: {pvc: scratch, path: \"{user}\"}\n"

    private static func binding(_ cluster: String) -> String {
        """
        cluster: \(cluster)
        sources:
          home: {pvc: home, path: "{user}"}
          project: {pvc: project, path: "g/{group}"}
          project-shared: {pvc: project, path: shared}
        \(scratch)  dr3: {pvc: data, path: dr3}
          software: {pvc: data, path: software}
        sizes: {large: {nodeSelector: {accelerator: a100}}}
        """
    }
}
