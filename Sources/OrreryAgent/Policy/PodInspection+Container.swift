import OrreryModel

// What a pod's one container is.
extension PodInspection {
    mutating func inspect(container: JSON) {
        only(Self.fields, in: container, "a session's container")
        inspect(image: container["image"])
        inspectSecurity(ofContainer: container["securityContext"] ?? [:])
        inspect(resources: container["resources"] ?? [:])
        for variable in list("env", in: container) { inspect(variable: variable) }
        for port in list("ports", in: container) { only(["name", "containerPort", "protocol"], in: port, "a port") }
        if let probe = container["readinessProbe"] { inspect(probe: probe) }
        for mount in list("volumeMounts", in: container) { inspect(mount: mount) }
    }

    /// An image by digest, from one of the site's registries.
    mutating func inspect(image value: JSON?) {
        guard let image = value?.string, let reference = ImageName(image) else {
            return refuse(
                "\(policy.subject) takes images by digest only, as registry.example/lab@sha256:…; this asks for "
                    + "`\(value?.string ?? "none")`.")
        }
        guard let registries = policy.registries, !registries.contains(where: { reference.name.lies(in: $0) }) else {
            return
        }
        let allowed = registries.isEmpty ? "no images" : "images from \(registries.joined(separator: ", "))"
        refuse(allows: allowed, asks: "`\(reference.name)`")
    }

    private mutating func inspect(variable: JSON) {
        only(["name", "value", "valueFrom"], in: variable, "a variable")
        guard let source = variable["valueFrom"] else { return }
        only(["fieldRef", "secretKeyRef"], in: source, "a variable's source")
        if let secret = source["secretKeyRef"] {
            only(["name", "key", "optional"], in: secret, "a reference to a Secret")
            inspect(secret: secret["name"])
        }
    }

    /// The kubelet asks on the pod's behalf: nothing but the pod itself.
    private mutating func inspect(probe: JSON) {
        only(
            [
                "httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold",
                "initialDelaySeconds",
            ],
            in: probe, "a probe")
        if let get = probe["httpGet"] { only(["path", "port", "scheme"], in: get, "a probe's request") }
    }

    private mutating func inspect(mount: JSON) {
        only(
            ["name", "mountPath", "subPath", "readOnly", "recursiveReadOnly", "mountPropagation"], in: mount, "a mount")
        guard let propagation = mount["mountPropagation"], propagation != "None", propagation != "HostToContainer"
        else {
            return
        }
        refuse("\(policy.subject) lets no session mount anything on its nodes (`mountPropagation`).")
    }

    private static let fields: Set<String> = [
        "name", "image", "imagePullPolicy", "command", "workingDir", "env", "ports", "resources", "volumeMounts",
        "readinessProbe", "securityContext", "terminationMessagePolicy",
    ]
}

/// An image by its digest; `name` is registry and repository, with the registry that is meant where none is written.
private struct ImageName {
    let name: String

    init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil,
            let match = parts[0].wholeMatch(of: /([a-z0-9][a-z0-9.:-]*(?:\/[a-z0-9._-]+)*?)(?::[A-Za-z0-9_.-]{1,128})?/)
        else { return nil }
        let written = String(match.1)
        let first = written.prefix { $0 != "/" }
        let hasHost = written.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
        guard !written.split(separator: "/").contains("..") else { return nil }
        name = hasHost ? written : written.contains("/") ? "docker.io/\(written)" : "docker.io/library/\(written)"
    }
}
