internal import OrreryModel

/// The user and groups that a container's processes have.
struct RunIdentity: Hashable, Sendable {
    let user: UInt32
    let group: UInt32
    /// Without `group` itself.
    let others: [UInt32]

    /// What the pod and the container ask for; root where neither says anything, as the images of pocket have no user
    /// of their own.
    init(_ pod: PodManifest, _ container: ContainerManifest) {
        func number(_ name: String) -> UInt32? {
            (container.security[name] ?? pod.security[name])?.integer.flatMap(UInt32.init(exactly:))
        }
        user = number("runAsUser") ?? 0
        group = number("runAsGroup") ?? 0
        var groups = (pod.security["supplementalGroups"]?.array ?? []) + [pod.security["fsGroup"] ?? .null]
        groups.removeAll { $0.integer == nil }
        let numbers = Set(groups.compactMap { $0.integer.flatMap(UInt32.init(exactly:)) })
        others = numbers.subtracting([group]).sorted()
    }

    /// Why the container may not run as this user; nil when it may.
    static func refusal(_ pod: PodManifest, _ container: ContainerManifest) -> String? {
        let mustNotBeRoot = (container.security["runAsNonRoot"] ?? pod.security["runAsNonRoot"])?.bool ?? false
        guard mustNotBeRoot, RunIdentity(pod, container).user == 0 else { return nil }
        let isAsked = (container.security["runAsUser"] ?? pod.security["runAsUser"])?.integer != nil
        let place = "(pod: \"\(pod.fullName)\", container: \(container.name))"
        return isAsked
            ? "container's runAsUser breaks non-root policy \(place)"
            : "container has runAsNonRoot and image will run as root \(place)"
    }

    var status: JSON {
        let groups = Set(others + [group]).sorted()
        return [
            "linux": [
                "uid": .integer(Int64(user)), "gid": .integer(Int64(group)),
                "supplementalGroups": .array(groups.map { .integer(Int64($0)) }),
            ]
        ]
    }
}
