internal import Foundation
internal import OrreryModel

/// Fills in what a real server fills in before it stores an object of `kind`.
func fillDefaults(_ object: inout JSON, as kind: Kind) {
    switch kind {
    case .pods: fillPod(&object)
    case .secrets: fillSecret(&object)
    case .persistentvolumeclaims: fillClaim(&object)
    case .namespaces: fillNamespace(&object)
    case .storageclasses:
        object.fill("reclaimPolicy", "Delete")
        object.fill("volumeBindingMode", "Immediate")
    case .resourcequotas: object.fill("spec", [:])
    case .events:
        object.fill("source", [:])
        for field in ["firstTimestamp", "lastTimestamp", "eventTime"] { object.fill(field, .null) }
        for field in ["reportingComponent", "reportingInstance"] { object.fill(field, "") }
    case .configmaps, .nodes, .persistentvolumes, .serviceaccounts, .roles, .rolebindings: break
    }
}

private func fillNamespace(_ namespace: inout JSON) {
    var metadata = namespace["metadata"] ?? [:]
    var labels = metadata["labels"] ?? [:]
    labels["kubernetes.io/metadata.name"] = metadata["name"]
    metadata["labels"] = labels
    namespace["metadata"] = metadata
    namespace["spec"] = ["finalizers": ["kubernetes"]]
    namespace["status"] = ["phase": "Active"]
}

/// `stringData` is only ever a way to write: it becomes `data`.
private func fillSecret(_ secret: inout JSON) {
    if let texts = secret["stringData"]?.object {
        var data = secret["data"] ?? [:]
        for (key, value) in texts { data[key] = .string(Data((value.string ?? "").utf8).base64EncodedString()) }
        secret["data"] = data
        secret["stringData"] = nil
    }
    secret.fill("type", "Opaque")
}

private func fillClaim(_ claim: inout JSON) {
    var metadata = claim["metadata"] ?? [:]
    metadata["finalizers"] = ["kubernetes.io/pvc-protection"]
    claim["metadata"] = metadata
    var spec = claim["spec"] ?? [:]
    spec.fill("volumeMode", "Filesystem")
    spec.fill("resources", [:])
    claim["spec"] = spec
    claim["status"] = ["phase": "Pending"]
}

private func fillPod(_ pod: inout JSON) {
    var metadata = pod["metadata"] ?? [:]
    metadata["generation"] = 1
    pod["metadata"] = metadata
    var spec = pod["spec"] ?? [:]
    let account = spec["serviceAccountName"] ?? "default"
    spec["serviceAccountName"] = account
    spec["serviceAccount"] = account
    spec.fill("restartPolicy", "Always")
    spec.fill("terminationGracePeriodSeconds", 30)
    spec.fill("dnsPolicy", "ClusterFirst")
    spec.fill("securityContext", [:])
    spec.fill("schedulerName", "default-scheduler")
    spec.fill("priority", 0)
    spec.fill("enableServiceLinks", true)
    spec.fill("preemptionPolicy", "PreemptLowerPriority")
    spec["tolerations"] = tolerations(spec["tolerations"]?.array ?? [])
    for list in ["containers", "initContainers"] {
        spec[list] = spec[list]?.array.map { .array($0.map(filledContainer)) }
    }
    spec["volumes"] = spec["volumes"]?.array.map { .array($0.map(filledVolume)) }
    pod["spec"] = spec
    pod["status"] = ["phase": "Pending", "qosClass": .string(qualityOfService(spec))]
}

/// A pod stays on a node that is gone for five minutes, unless it says otherwise.
private func tolerations(_ own: [JSON]) -> JSON {
    let added = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter { key in
        !own.contains { tolerates($0, key) }
    }
    return .array(
        own
            + added.map { key in
                ["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]
            })
}

private func tolerates(_ toleration: JSON, _ key: String) -> Bool {
    let effect = toleration["effect"]?.string
    return (toleration["key"] == nil || toleration["key"]?.string == key) && (effect == nil || effect == "NoExecute")
}

private func filledContainer(_ container: JSON) -> JSON {
    var container = container
    container.fill("terminationMessagePath", "/dev/termination-log")
    container.fill("terminationMessagePolicy", "File")
    container.fill("imagePullPolicy", .string(pullPolicy(container["image"]?.string ?? "")))
    container["resources"] = filledResources(container["resources"] ?? [:])
    container["ports"] = container["ports"]?.array.map { .array($0.map { $0.filled("protocol", "TCP") }) }
    container["env"] = container["env"]?.array.map { .array($0.map(filledVariable)) }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        container[probe] = container[probe].map(filledProbe)
    }
    return container
}

/// An image by tag `latest`, said or not, is looked for anew every time.
private func pullPolicy(_ image: String) -> String {
    if image.contains("@") { return "IfNotPresent" }
    let name = image.split(separator: "/").last ?? ""
    let tag = name.split(separator: ":").dropFirst().first
    return tag == nil || tag == "latest" ? "Always" : "IfNotPresent"
}

private func filledResources(_ resources: JSON) -> JSON {
    guard let limits = resources["limits"]?.object else { return resources }
    var requests = resources["requests"] ?? [:]
    for (name, limit) in limits { requests.fill(name, limit) }
    return resources.merging(["requests": requests])
}

private func filledVariable(_ variable: JSON) -> JSON {
    guard let reference = variable["valueFrom"]?["fieldRef"] else { return variable }
    return variable.merging(["valueFrom": ["fieldRef": reference.filled("apiVersion", "v1")]])
}

private func filledProbe(_ probe: JSON) -> JSON {
    var probe = probe
    probe.fill("timeoutSeconds", 1)
    probe.fill("periodSeconds", 10)
    probe.fill("successThreshold", 1)
    probe.fill("failureThreshold", 3)
    probe["httpGet"] = probe["httpGet"]?.filled("path", "/").filled("scheme", "HTTP")
    return probe
}

private func filledVolume(_ volume: JSON) -> JSON {
    var volume = volume
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        volume[source] = volume[source]?.filled("defaultMode", 420)
    }
    volume["hostPath"] = volume["hostPath"]?.filled("type", "")
    if (volume.object ?? [:]).count == 1 { volume["emptyDir"] = [:] }
    return volume
}

/// Guaranteed when every container has its limits for processor and memory as requests, BestEffort when nothing is
/// asked for, Burstable otherwise.
private func qualityOfService(_ spec: JSON) -> String {
    let containers = (spec["containers"]?.array ?? []) + (spec["initContainers"]?.array ?? [])
    let resources = containers.map { $0["resources"] ?? [:] }
    let asks = resources.contains { resource in
        ["cpu", "memory"].contains { resource["limits"]?[$0] != nil || resource["requests"]?[$0] != nil }
    }
    let isFixed = resources.allSatisfy { resource in
        ["cpu", "memory"].allSatisfy {
            resource["limits"]?[$0] != nil && resource["limits"]?[$0] == resource["requests"]?[$0]
        }
    }
    return isFixed ? "Guaranteed" : asks ? "Burstable" : "BestEffort"
}

extension JSON {
    /// Sets the member `name` when there is none.
    fileprivate mutating func fill(_ name: String, _ value: JSON) {
        if self[name] == nil { self[name] = value }
    }

    fileprivate func filled(_ name: String, _ value: JSON) -> JSON {
        var copy = self
        copy.fill(name, value)
        return copy
    }
}
