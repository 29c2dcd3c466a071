import OrreryModel

// How much a session takes.
extension PodInspection {
    mutating func inspect(resources: JSON) {
        only(["requests", "limits"], in: resources, "a container's `resources`")
        let limits = resources["limits"] ?? [:]
        let requests = resources["requests"] ?? [:]
        countDevices(
            (limits.object ?? [:]).merging(requests.object ?? [:], uniquingKeysWith: { limit, _ in limit })
                .filter { !["cpu", "memory", "ephemeral-storage"].contains($0.key) }.sorted { $0.key < $1.key })
        bound("cpu", limits["cpu"], requests["cpu"], policy.maxima.cpu, "CPU") { CPUCount($0) }
        bound("memory", limits["memory"], requests["memory"], policy.maxima.memory, "memory") { ByteCount($0) }
    }

    /// Whatever is neither CPU nor memory nor scratch is a device; those of all kinds together are bounded.
    private mutating func countDevices(_ devices: [(key: String, value: JSON)]) {
        var sum = 0
        for (name, value) in devices {
            guard name.contains("/"), let count = value.string.flatMap({ Int($0) }) ?? value.integer.map({ Int($0) }),
                (0...1_000_000).contains(count)
            else { return refuse("\(policy.subject) cannot read how much of `\(name)` the session asks for.") }
            sum += count
        }
        guard let limit = policy.maxima.gpu, sum > limit else { return }
        let names = devices.map(\.key).joined(separator: ", ")
        refuse(allows: limit == 0 ? "no GPUs" : "at most \(limit) GPU a session", asks: "\(sum) of \(names)")
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
