import Foundation
package import OrreryModel

extension Plan {
    /// The plan as JSON with its members sorted and nothing optional left to the encoder: equal plans give equal bytes, and
    /// a hash of them names the plan.
    package func canonicalJSON() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// The volumes of the pod: one for each source, in the order of their first mount, since a pod that mounts a claim
    /// under two volume names hangs without an event.
    package var volumes: [Volume] { mounts.volumes }

    /// A source once, however many mounts it has.
    package struct Volume: Hashable, Sendable {
        package let source: Source
        /// Whether every mount of it is.
        package fileprivate(set) var isReadOnly: Bool
    }
}

extension [Plan.Mount] {
    /// Each source once, in the order of its first mount.
    var volumes: [Plan.Volume] {
        var volumes: [Plan.Volume] = []
        for mount in self {
            if let index = volumes.firstIndex(where: { $0.source == mount.source }) {
                volumes[index].isReadOnly = volumes[index].isReadOnly && mount.isReadOnly
            } else {
                volumes.append(Plan.Volume(source: mount.source, isReadOnly: mount.isReadOnly))
            }
        }
        return volumes
    }
}
