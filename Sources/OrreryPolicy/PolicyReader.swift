import Foundation
import OrreryDocument

/// Reads the documents of one directory, one after another, and keeps every error.
struct PolicyReader {
    let directory: String
    let groups: GroupNames
    /// What the hub trusts each cluster with.
    let trust: [String: Set<String>]
    /// Clusters whose tests are read and not run.
    let untested: Set<String>
    /// Clusters that have to have a binding.
    let bound: [String]
    let findings = Findings()

    /// The policy, when there was no error up to its tests; whoever asks looks at `findings` for those.
    func read() -> Policy? {
        // Without the names of one document, every mention in the next would look like an error.
        guard let filesets = document("filesets.yaml").map(readFilesets), !filesets.names.isEmpty,
            let profiles = document("profiles.yaml").map({ readProfiles($0, filesets) }), !profiles.sizeNames.isEmpty
        else { return nil }
        let bindings = readBindings(filesets, profiles)
        guard findings.errors.isEmpty else { return nil }
        let policy = Policy(
            filesets: filesets.filesets, profiles: profiles.profiles, environments: profiles.environments,
            sizes: profiles.sizes, registries: profiles.registries, bindings: bindings,
            quotas: profiles.quotas)
        for test in filesets.tests {
            findings.attempt { () throws(DocumentError) in
                let test = try PolicyTest(test, policy, groups: groups)
                if !untested.contains(test.cluster) { try test.run(on: policy) }
            }
        }
        return policy
    }

    private func document(_ name: String) -> DocumentNode? {
        findings.attempt { () throws(DocumentError) in try DocumentNode.read(file: "\(directory)/\(name)") }
    }
}
