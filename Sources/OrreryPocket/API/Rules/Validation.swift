internal import OrreryModel

/// What is wrong with an object of `kind`, in the order a real server lists it: metadata first, then the rest.
func validate(_ object: JSON, as kind: Kind) -> [FieldError] {
    let metadata = validateMetadata(object["metadata"] ?? [:], isNamespace: kind == .namespaces)
    let body: [FieldError] =
        switch kind {
        case .pods: PodValidation(object["spec"] ?? [:]).errors
        case .secrets: validateKeys(of: object["data"], "data") + validateSize(object, ["data"])
        case .configmaps:
            validateKeys(of: object["data"], "data") + validateKeys(of: object["binaryData"], "binaryData")
                + validateSize(object, ["data", "binaryData"])
        case .persistentvolumeclaims: validateClaim(object["spec"] ?? [:])
        case .events: validateEvent(object)
        case .namespaces, .nodes, .persistentvolumes, .resourcequotas, .storageclasses, .serviceaccounts, .roles,
            .rolebindings:
            []
        }
    return metadata + body
}

private func validateMetadata(_ metadata: JSON, isNamespace: Bool) -> [FieldError] {
    var errors: [FieldError] = []
    let name = metadata["name"]?.string ?? ""
    if name.isEmpty {
        errors.append(.required("metadata.name", "name or generateName is required"))
    } else {
        let sentences = isNamespace ? Names.label(name) : Names.subdomain(name)
        errors += sentences.map { .invalid("metadata.name", .string(name), $0) }
    }
    for (key, value) in (metadata["labels"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
        let text = value.string ?? ""
        errors += Names.qualified(key).map { .invalid("metadata.labels", .string(key), $0) }
        errors += Names.labelValue(text).map { .invalid("metadata.labels", .string(text), $0) }
    }
    let annotations = (metadata["annotations"]?.object ?? [:]).sorted { $0.key < $1.key }
    for (key, _) in annotations {
        errors += Names.qualified(key.lowercased()).map { .invalid("metadata.annotations", .string(key), $0) }
    }
    let size = annotations.reduce(0) { $0 + $1.key.utf8.count + ($1.value.string ?? "").utf8.count }
    if size > 256 << 10 { errors.append(.tooLong("metadata.annotations", limit: 256 << 10)) }
    return errors + validateOwners(metadata["ownerReferences"]?.array ?? [])
}

private func validateOwners(_ owners: [JSON]) -> [FieldError] {
    owners.enumerated().flatMap { index, owner in
        ["apiVersion", "kind", "name", "uid"].filter { owner[$0]?.string == nil }.map { name in
            let sentence = name == "apiVersion" ? "version must not be empty" : "must not be empty"
            return .invalid("metadata.ownerReferences[\(index)].\(name)", "", sentence)
        }
    }
}

private func validateKeys(of data: JSON?, _ field: String) -> [FieldError] {
    (data?.object ?? [:]).keys.sorted().flatMap { key in
        Names.dataKey(key).map { .invalid("\(field)[\(key)]", .string(key), $0) }
    }
}

/// The values of a Secret or ConfigMap may have one mebibyte together.
private func validateSize(_ object: JSON, _ fields: [String]) -> [FieldError] {
    let values = fields.flatMap { (object[$0]?.object ?? [:]).values }
    let size = values.reduce(0) { $0 + ($1.string ?? "").utf8.count }
    // Base64 text is a third longer than what it stands for.
    let limit = fields == ["data"] ? (1 << 20) / 3 * 4 : 1 << 20
    return size > limit ? [.tooLong(fields == ["data"] ? "data" : "", limit: 1 << 20)] : []
}

private func validateClaim(_ spec: JSON) -> [FieldError] {
    var errors: [FieldError] = []
    let modes = (spec["accessModes"]?.array ?? []).compactMap(\.string)
    if modes.isEmpty { errors.append(.required("spec.accessModes", "at least 1 access mode is required")) }
    let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]
    errors += modes.filter { !known.contains($0) }.map { .unsupported("spec.accessModes", $0, known) }
    if spec["resources"]?["requests"]?["storage"] == nil {
        errors.append(.required("spec.resources[storage]"))
    }
    return errors
}

private func validateEvent(_ event: JSON) -> [FieldError] {
    let involved = event["involvedObject"]?["namespace"]?.string ?? ""
    let own = event["metadata"]?["namespace"]?.string ?? ""
    guard involved == own || (involved.isEmpty && own == "default") else {
        return [.invalid("involvedObject.namespace", .string(involved), "does not match event.namespace")]
    }
    return []
}
