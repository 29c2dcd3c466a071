import Foundation
import OrreryModel
import OrreryPolicy

/// The rules once more, read word by word and without a thought for speed: every path that there could be, and for each
/// whether it is seen and how. Shares nothing with what it is compared to but the documents.
struct SlowReading {
    let random: RandomPolicy

    /// What the person sees: `ro` or `rw` by path.
    var seen: [String: String] {
        guard random.person.uid != nil, random.person.gid != nil else { return [:] }
        var seen: [String: String] = [:]
        for (number, fileset) in random.filesets.enumerated() {
            if fileset.each == nil {
                seen["/t\(number)"] = mode(of: fileset, expanded: nil)
            } else {
                for group in RandomPolicy.groups where group.hasPrefix("kind:") && isIn(group) {
                    seen["/t\(number)/\(group.dropFirst(5))"] = mode(of: fileset, expanded: group)
                }
            }
        }
        return seen
    }

    /// Nil for what is not seen.
    private func mode(of fileset: Fileset, expanded group: String?) -> String? {
        for barred in fileset.never where isMeant(barred, group) { return nil }
        if !fileset.surfaces.contains("notebook") { return nil }
        if !random.binding.trust.contains(fileset.trust) { return nil }
        guard let source = random.binding.sources[fileset.name] else { return nil }
        var mode: String?
        for grant in fileset.grants {
            if let from = grant.from, random.now < from { continue }
            if let until = grant.until, random.now >= until { continue }
            for audience in grant.to where isMeant(audience, group) {
                if grant.mode == .rw { mode = "rw" }
                if grant.mode == .ro, mode == nil { mode = "ro" }
            }
        }
        return mode == "rw" && source.isReadOnly ? "ro" : mode
    }

    private func isMeant(_ audience: Audience, _ expanded: String?) -> Bool {
        switch audience {
        case .everyone: true
        case .member: expanded != nil && isIn(expanded ?? "")
        case .group(let name): isIn(name)
        }
    }

    private func isIn(_ name: String) -> Bool { random.person.groups.map(\.name).contains(name) }
}
