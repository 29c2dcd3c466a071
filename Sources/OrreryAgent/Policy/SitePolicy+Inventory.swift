package import OrreryModel

extension SitePolicy {
    /// What the hub is told of the policy, so that it offers nothing here that would be refused.
    package var inventory: JSON {
        func texts(_ values: [String]?) -> JSON? { values.map { .array($0.map { .string($0) }) } }
        var most: [String: JSON] = [:]
        most["cpu"] = maxima.cpu.map { .string("\($0)") }
        most["memory"] = maxima.memory.map { .string("\($0)") }
        most["gpu"] = maxima.gpu.map { .integer(Int64($0)) }
        most["lifetime"] = maxima.lifetime.map { .integer($0.components.seconds) }
        most["claim"] = maxima.claim.map { .string("\($0)") }
        most["sessions"] = maxima.sessions.map { .integer(Int64($0)) }
        var words: [String: JSON] = ["paused": .bool(pause != nil), "maxima": .object(most)]
        words["notice"] = refusalWhilePaused.map { .string($0) }
        words["namespaces"] = texts(namespaces)
        words["registries"] = texts(registries)
        words["groups"] = texts(groups)
        return .object(words)
    }
}
