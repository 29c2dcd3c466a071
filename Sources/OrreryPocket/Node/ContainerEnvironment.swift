internal import OrreryModel

/// The fields of a pod that it may ask for itself, at the moment a container is started.
struct DownwardFields {
    let pod: JSON
    let address: String
    let nodeName: String
    let nodeAddress: String

    /// The value of `metadata.name`, `metadata.labels['x']`, `status.podIP` …; nil for a field that is not offered.
    func value(of field: String) -> String? {
        switch field {
        case "metadata.name", "metadata.namespace", "metadata.uid":
            return pod["metadata"]?[String(field.dropFirst(9))]?.string ?? ""
        case "spec.nodeName": return nodeName
        case "spec.serviceAccountName": return pod["spec"]?["serviceAccountName"]?.string ?? "default"
        case "status.podIP", "status.podIPs": return address
        case "status.hostIP", "status.hostIPs": return nodeAddress
        case "metadata.labels", "metadata.annotations":
            let entries = pod["metadata"]?[String(field.dropFirst(9))]?.object ?? [:]
            return entries.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: "\n")
        default: return keyed(field)
        }
    }

    private func keyed(_ field: String) -> String? {
        for name in ["labels", "annotations"] {
            let start = "metadata.\(name)['"
            guard field.hasPrefix(start), field.hasSuffix("']") else { continue }
            let key = String(field.dropFirst(start.count).dropLast(2))
            return pod["metadata"]?[name]?[key]?.string ?? ""
        }
        return nil
    }
}

/// What a container's command is started with.
struct ContainerEnvironment {
    /// Why the container cannot be made, in the kubelet's words.
    struct Failure: Error, Equatable {
        let message: String
    }

    let store: ObjectStore
    let namespace: String
    let fields: DownwardFields

    /// The variables of `container`, over those of its image.
    func variables(
        of container: ContainerManifest, over image: [String: String]
    ) throws(Failure) -> [String: String] {
        // References see what was named before them; the image's own variables are not offered for them.
        var known: [String: String] = [:]
        for source in container.object["envFrom"]?.array ?? [] {
            let prefix = source["prefix"]?.string ?? ""
            for (key, value) in try all(of: source) { known[prefix + key] = value }
        }
        for variable in container.object["env"]?.array ?? [] {
            guard let name = variable["name"]?.string else { continue }
            if let source = variable["valueFrom"] {
                known[name] = try value(from: source, of: container) ?? known[name]
            } else {
                known[name] = Self.expand(variable["value"]?.string ?? "", with: known)
            }
        }
        if let name = known.keys.sorted().first(where: { !VariableScript.canCarry($0) }) {
            throw Failure(message: "pocket cannot set a variable called \"\(name)\"")
        }
        return image.merging(known) { _, own in own }
    }

    private func all(of source: JSON) throws(Failure) -> [String: String] {
        let (kind, reference): (Kind, JSON) =
            if let secret = source["secretRef"] { (.secrets, secret) } else {
                (.configmaps, source["configMapRef"] ?? [:])
            }
        guard let object = try object(kind, reference) else { return [:] }
        return object.values.mapValues { String(decoding: $0, as: UTF8.self) }
    }

    private func value(from source: JSON, of container: ContainerManifest) throws(Failure) -> String? {
        if let field = source["fieldRef"]?["fieldPath"]?.string {
            guard let value = fields.value(of: field) else {
                throw Failure(message: "unsupported fieldPath: \(field)")
            }
            return value
        }
        if let resource = source["resourceFieldRef"] { return try amount(resource, of: container) }
        if let reference = source["secretKeyRef"] { return try value(of: reference, in: .secrets) }
        if let reference = source["configMapKeyRef"] { return try value(of: reference, in: .configmaps) }
        throw Failure(message: "a source of variables that pocket does not know")
    }

    private func value(of reference: JSON, in kind: Kind) throws(Failure) -> String? {
        let key = reference["key"]?.string ?? ""
        guard let object = try object(kind, reference) else { return nil }
        if let value = object.values[key] { return String(decoding: value, as: UTF8.self) }
        if reference["optional"]?.bool ?? false { return nil }
        let name = reference["name"]?.string ?? ""
        let what = kind == .secrets ? "Secret" : "ConfigMap"
        throw Failure(message: "couldn't find key \(key) in \(what) \(namespace)/\(name)")
    }

    /// Nil for a missing object that is optional.
    private func object(_ kind: Kind, _ reference: JSON) throws(Failure) -> JSON? {
        let name = reference["name"]?.string ?? ""
        if let object = store.object(ObjectStore.Key(kind: kind, namespace: namespace, name: name)) { return object }
        if reference["optional"]?.bool ?? false { return nil }
        throw Failure(message: "\(kind.singular) \"\(name)\" not found")
    }

    private func amount(_ reference: JSON, of container: ContainerManifest) throws(Failure) -> String? {
        let parts = (reference["resource"]?.string ?? "").split(separator: ".").map(String.init)
        guard parts.count == 2, parts[0] == "limits" || parts[0] == "requests" else {
            throw Failure(message: "unsupported container resource \(reference["resource"]?.string ?? "")")
        }
        let amount = container.object["resources"]?[parts[0]]?[parts[1]]?.string ?? "0"
        let divisor = Quantity(reference["divisor"]?.string ?? "1") ?? .whole(1)
        guard let value = Quantity(amount), divisor > .zero else { return "0" }
        return "\((value.billionths + divisor.billionths - 1) / divisor.billionths)"
    }

    /// `text` with `$(NAME)` replaced by a variable's value and `$$` by `$`. A reference to an unknown name stays.
    static func expand(_ text: String, with variables: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if rest.first == "(", let close = rest.firstIndex(of: ")") {
                let name = String(rest[rest.index(after: rest.startIndex)..<close])
                result += variables[name] ?? "$(\(name))"
                rest = rest[rest.index(after: close)...]
            } else {
                result += "$"
            }
        }
        return result + rest
    }
}
