import OrreryModel

// How much a session takes.
extension PodInspection {
    mutating func inspect(resources: JSON) {
        only(["requests", "limits"], in: resources, "a container's `resources`")
        let limits = resources["limits"] ?? [:]
        let requests = resources["requests"] ?? [:]
        for (name, value) in (limits.object ?? [:]).merging(
            requests.object ?? [:], uniquingKeysWith: { limit, _ in limit }
        )
        .sorted(by: { $0.key < $1.key }) { count(name, value) }
        bound("cpu", limits["cpu"], requests["cpu"], policy.maxima.cpu, "CPU") { CPUCount($0) }
        bound("memory", limits["memory"], requests["memory"], policy.maxima.memory, "memory") { ByteCount($0) }
    }

    /// Whatever is neither CPU nor memory nor scratch is a device.
    private mutating func count(_ name: String, _ value: JSON) {
        guard !["cpu", "memory", "ephemeral-storage"].contains(name) else { return }
        guard name.contains("/"), let count = value.string.flatMap({ Int($0) }) ?? value.integer.map({ Int($0) }),
            count >= 0
        else { return refuse("\(policy.subject) cannot read how much of `\(name)` the session asks for.") }
        guard let limit = policy.maxima.gpu, count > limit else { return }
        refuse(allows: limit == 0 ? "no GPUs" : "at most \(limit) GPU a session", asks: "\(count) of \(name)")
    }

    private mutating func bound<Amount: Comparable & CustomStringConvertible>(
        _ name: String, _ limit: JSON?, _ request: JSON?, _ maximum: Amount?, _ what: String,
        _ read: (String) -> Amount?
    ) {
        guard let maximum else { return }
        guard let most = limit?.string.flatMap(read) else {
            return refuse(
                "\(policy.subject) allows at most \(maximum) \(what) a session; this has no limit that can be read.")
        }
        let least = request?.string.flatMap(read)
        guard request == nil || least != nil else {
            return refuse("\(policy.subject) cannot read how much \(what) the session asks for.")
        }
        let asked = max(most, least ?? most)
        if asked > maximum { refuse(allows: "at most \(maximum) \(what) a session", asks: "\(asked)") }
    }
}
