import Foundation
package import OrreryDocument

extension Policy {
    /// The policy in `directory`: `filesets.yaml`, `profiles.yaml` and `clusters/*.yaml`, checked as a whole and against
    /// its own `tests:`. `known` are the groups that identity can give, `project:{g}` for a rule with a hole; `trust` is
    /// what the hub trusts each cluster with, of ordinary trust where it is not named. Tests on clusters that are `untested` are
    /// read and not run. Each of `bound` has to have a binding.
    /// Throws the first error in the order of the documents; nothing is loaded in part.
    package static func load(
        directory: String, groups known: Set<String>, trust: [String: Set<String>] = [:], untested: Set<String> = [],
        bound: [String] = []
    ) throws(DocumentError) -> Policy {
        let result = loadAll(
            directory: directory, groups: known, trust: trust, untested: untested, bound: bound)
        if let first = result.errors.first { throw first }
        guard let policy = result.policy else {
            throw DocumentError(
                place: Place(file: directory, line: 1, column: 1), message: "the policy could not be loaded")
        }
        return policy
    }

    /// As `load`, but going on after an error as far as that makes sense: the policy if there is no error, else every
    /// error that was found, in the order of the documents.
    package static func loadAll(
        directory: String, groups known: Set<String>, trust: [String: Set<String>] = [:], untested: Set<String> = [],
        bound: [String] = []
    ) -> (policy: Policy?, errors: [DocumentError]) {
        let reader = PolicyReader(
            directory: directory, groups: GroupNames(known), trust: trust, untested: untested, bound: bound)
        let policy = reader.read()
        return (reader.findings.errors.isEmpty ? policy : nil, reader.findings.errors)
    }
}
