import Foundation
import OrreryDocument
import OrreryModel

/// Sources that overlap in storage: a fileset that contains another's directory gives its readers a second way to it,
/// around the inner one's grants. That is refused unless everybody who gets the outer one gets the inner one as well.
extension ClusterBinding {
    func refuseOverlaps(among filesets: [String: Fileset], at node: DocumentNode) throws(DocumentError) {
        let names = sources.keys.sorted()
        for inner in names {
            for outer in names where outer != inner {
                guard let (one, other) = pair(outer, inner, filesets) else { continue }
                guard let objection = other.objection(inside: one) else { continue }
                let message = "`\(inner)` lies inside `\(outer)`, which \(objection); give it a directory of its own"
                throw node.error(message, atKey: inner)
            }
        }
    }

    private func pair(_ outer: String, _ inner: String, _ filesets: [String: Fileset]) -> (Tree, Tree)? {
        guard let one = filesets[outer], let other = filesets[inner], let from = sources[outer],
            let to = sources[inner],
            let left = Tree(fileset: one, source: from), let right = Tree(fileset: other, source: to)
        else { return nil }
        return left.mayContain(right) ? (left, right) : nil
    }

    /// A fileset where it lies in storage.
    private struct Tree {
        let fileset: Fileset
        let storage: String
        let segments: [PathTemplate.Segment]

        /// Nil for what overlaps with nothing else: a person's own claim, and what is not mounted.
        init?(fileset: Fileset, source: Source) {
            self.fileset = fileset
            switch source.storage {
            case .shared(.claim(let name)): (storage, segments) = ("claim \(name)", source.path.segments)
            case .shared(.hostPath(let directory)):
                (storage, segments) = ("host", Self.fixed(directory) + source.path.segments)
            case .shared(.nfs(let export)):
                storage = "nfs \(export.server.lowercased())"
                segments = Self.fixed(export.path) + source.path.segments
            case .shared(.image(let reference)): (storage, segments) = ("image \(reference)", source.path.segments)
            case .driver(let driver, let attributes):
                let told = attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                storage = "driver \(driver) \(told)"
                segments = source.path.segments
            case .shared, .ownClaim, .objects: return nil
            }
        }

        private static func fixed(_ directory: String) -> [PathTemplate.Segment] {
            directory.split(separator: "/").map { PathTemplate.Segment(before: String($0), hole: nil, after: "") }
        }

        /// Whether some filling of both puts `other` inside this one or at the same place.
        func mayContain(_ other: Tree) -> Bool {
            storage == other.storage && segments.count <= other.segments.count
                && zip(segments, other.segments).allSatisfy { $0.mayEqual($1) }
        }

        /// Why this tree may not lie inside `outer`; nil when it may.
        func objection(inside outer: Tree) -> String? {
            guard zip(outer.segments, segments).allSatisfy({ $0 == $1 }) else {
                return "happens when a name is also that of a directory"
            }
            guard segments.dropFirst(outer.segments.count).allSatisfy({ $0.hole == nil }) else {
                return "shows everybody's directories"
            }
            guard fileset.each == outer.fileset.each || outer.fileset.each == nil,
                fileset.surfaces.isSuperset(of: outer.fileset.surfaces), fileset.trust == outer.fileset.trust,
                Set(fileset.never).isSubset(of: outer.fileset.never),
                outer.fileset.grants.allSatisfy({ $0.isCovered(by: fileset.grants) })
            else { return "others may see, or more" }
            // Who writes there could put a link in the place of the directory that is mounted next.
            guard segments.count == outer.segments.count || outer.fileset.grants.allSatisfy({ $0.mode == .ro }) else {
                return "others may write to, and so exchange it for a link"
            }
            return nil
        }
    }
}

extension PathTemplate.Segment {
    /// Whether some filling makes both the same. Says yes too often rather than too seldom.
    fileprivate func mayEqual(_ other: PathTemplate.Segment) -> Bool {
        switch (hole, other.hole) {
        case (nil, nil): before == other.before
        case (_?, nil): other.before.hasPrefix(before) && other.before.hasSuffix(after)
        case (nil, _?): before.hasPrefix(other.before) && before.hasSuffix(other.after)
        case (_?, _?): true
        }
    }
}

extension Grant {
    /// Whether everybody who has this grant, whenever they have it, has one of `grants` with at least its mode.
    fileprivate func isCovered(by grants: [Grant]) -> Bool {
        to.allSatisfy { audience in
            grants.contains { grant in
                grant.mode >= mode && (grant.to.contains(.everyone) || grant.to.contains(audience))
                    && (grant.from ?? .distantPast) <= (from ?? .distantPast)
                    && (grant.until ?? .distantFuture) >= (until ?? .distantFuture)
            }
        }
    }
}
