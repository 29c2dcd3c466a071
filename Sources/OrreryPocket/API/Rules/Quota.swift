internal import OrreryModel

/// What the ResourceQuotas of a namespace allow: counted from the objects that are there, so that it is always true.
enum Quota {
    /// Throws 403 when `object` would take more than one of `quotas` has left.
    static func check(
        _ object: JSON, as key: ObjectStore.Key, quotas: [JSON], existing: (Kind) -> [JSON]
    ) throws(Status) {
        for quota in quotas {
            let name = quota["metadata"]?["name"]?.string ?? ""
            let hard = limits(of: quota)
            if key.kind == .pods {
                let missing = unspecified(object, in: hard)
                guard missing.isEmpty else {
                    throw .forbidden(key, "failed quota: \(name): must specify \(missing.joined(separator: "; "))")
                }
            }
            let asked = usage(of: object, kind: key.kind).filter { hard[$0.key] != nil && $0.value > .zero }
            guard !asked.isEmpty else { continue }
            let used = total(Array(asked.keys), existing: existing)
            let over = asked.keys.sorted().filter { (used[$0] ?? .zero) + (asked[$0] ?? .zero) > (hard[$0] ?? .zero) }
            guard over.isEmpty else {
                throw .forbidden(
                    key,
                    "exceeded quota: \(name), requested: \(list(over, asked)), used: \(list(over, used)), "
                        + "limited: \(list(over, hard))")
            }
        }
    }

    /// The status a quota has with these objects.
    static func status(of quota: JSON, existing: (Kind) -> [JSON]) -> JSON {
        let hard = limits(of: quota)
        guard !hard.isEmpty else { return [:] }
        let used = total(Array(hard.keys), existing: existing)
        let texts = hard.keys.reduce(into: JSON.object([:])) { $0[$1] = .string("\(used[$1] ?? .zero)") }
        return ["hard": quota["spec"]?["hard"] ?? [:], "used": texts]
    }

    private static func limits(of quota: JSON) -> [String: Quantity] {
        (quota["spec"]?["hard"]?.object ?? [:]).compactMapValues { $0.string.flatMap(Quantity.init) }
    }

    private static func list(_ names: [String], _ amounts: [String: Quantity]) -> String {
        names.map { "\($0)=\(amounts[$0] ?? .zero)" }.joined(separator: ",")
    }

    private static func total(_ names: [String], existing: (Kind) -> [JSON]) -> [String: Quantity] {
        var total: [String: Quantity] = [:]
        for kind in [Kind.pods, .persistentvolumeclaims, .secrets, .configmaps, .resourcequotas] {
            for object in existing(kind) {
                total.merge(usage(of: object, kind: kind).filter { names.contains($0.key) }, uniquingKeysWith: +)
            }
        }
        return total
    }

    /// Which limits of `hard` need a figure that a container of `pod` does not give: `requests.memory for: notebook`.
    private static func unspecified(_ pod: JSON, in hard: [String: Quantity]) -> [String] {
        let containers = pod["spec"]?["containers"]?.array ?? []
        return hard.keys.sorted().compactMap { name in
            guard let (side, resource) = computeResource(name) else { return nil }
            let without = containers.filter { $0["resources"]?[side]?[resource] == nil }
                .compactMap { $0["name"]?.string }
            return without.isEmpty ? nil : "\(name) for: \(without.joined(separator: ","))"
        }
    }

    private static func computeResource(_ name: String) -> (side: String, resource: String)? {
        switch name {
        case "cpu", "memory": return ("requests", name)
        case "requests.cpu", "requests.memory", "limits.cpu", "limits.memory":
            let parts = name.split(separator: ".")
            return (String(parts[0]), String(parts[1]))
        default: return nil
        }
    }

    /// What one object counts for, by the names of quota resources. A pod that has ended counts for nothing.
    private static func usage(of object: JSON, kind: Kind) -> [String: Quantity] {
        var usage = ["count/\(kind.rawValue)": Quantity.whole(1)]
        let phase = object["status"]?["phase"]?.string
        if kind == .pods, phase == "Succeeded" || phase == "Failed" { return usage }
        usage[kind.rawValue] = .whole(1)
        switch kind {
        case .pods:
            let containers = object["spec"]?["containers"]?.array ?? []
            for name in ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"] {
                guard let (side, resource) = computeResource(name) else { continue }
                usage[name] = containers.compactMap { $0["resources"]?[side]?[resource]?.string.flatMap(Quantity.init) }
                    .reduce(.zero, +)
            }
        case .persistentvolumeclaims:
            usage["requests.storage"] = object["spec"]?["resources"]?["requests"]?["storage"]?.string
                .flatMap(Quantity.init)
        default: break
        }
        return usage
    }
}
