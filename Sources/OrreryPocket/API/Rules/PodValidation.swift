internal import OrreryModel

/// What is wrong with a pod's spec. Checks what the node relies on and what people get wrong; the parts of the API
/// that pocket takes unread are not looked at.
struct PodValidation {
    private let spec: JSON
    private let volumes: Set<String>

    init(_ spec: JSON) {
        self.spec = spec
        volumes = Set((spec["volumes"]?.array ?? []).compactMap { $0["name"]?.string })
    }

    var errors: [FieldError] {
        var errors = volumeErrors()
        let containers = spec["containers"]?.array ?? []
        if containers.isEmpty { errors.append(.required("spec.containers")) }
        var names: Set<String> = []
        errors += containerErrors(containers, "spec.containers", &names)
        errors += containerErrors(spec["initContainers"]?.array ?? [], "spec.initContainers", &names)
        errors += choice("spec.restartPolicy", spec["restartPolicy"], ["Always", "OnFailure", "Never"])
        errors += choice(
            "spec.dnsPolicy", spec["dnsPolicy"], ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"])
        errors += notNegative("spec.terminationGracePeriodSeconds", spec["terminationGracePeriodSeconds"])
        if let deadline = spec["activeDeadlineSeconds"]?.integer, deadline < 1 {
            errors.append(
                .invalid(
                    "spec.activeDeadlineSeconds", .integer(deadline), "must be between 1 and 2147483647, inclusive"))
        }
        return errors + identityErrors(spec["securityContext"] ?? [:], "spec.securityContext")
    }

    private func volumeErrors() -> [FieldError] {
        var names: Set<String> = []
        return (spec["volumes"]?.array ?? []).enumerated().flatMap { index, volume in
            let field = "spec.volumes[\(index)]"
            var errors = name(volume["name"], "\(field).name", &names)
            let sources = (volume.object ?? [:]).keys.filter(Schema.volumeSources.contains).sorted()
            if sources.count > 1 {
                errors.append(.forbidden("\(field).\(sources[1])", "may not specify more than 1 volume type"))
            }
            return errors + sourceErrors(volume, field)
        }
    }

    private func sourceErrors(_ volume: JSON, _ field: String) -> [FieldError] {
        let needed = [
            ("hostPath", "path"), ("nfs", "server"), ("nfs", "path"), ("persistentVolumeClaim", "claimName"),
            ("secret", "secretName"), ("configMap", "name"),
        ]
        return needed.compactMap { source, member in
            guard let content = volume[source], content[member] == nil else { return nil }
            return .required("\(field).\(source).\(member)")
        }
    }

    private func containerErrors(
        _ containers: [JSON], _ field: String, _ names: inout Set<String>
    ) -> [FieldError] {
        var errors: [FieldError] = []
        for (index, container) in containers.enumerated() {
            let field = "\(field)[\(index)]"
            errors += name(container["name"], "\(field).name", &names)
            if container["image"] == nil { errors.append(.required("\(field).image")) }
            errors += choice(
                "\(field).imagePullPolicy", container["imagePullPolicy"], ["Always", "IfNotPresent", "Never"])
            errors += portErrors(container, field) + environmentErrors(container, field)
            errors +=
                mountErrors(container, field) + resourceErrors(container["resources"] ?? [:], "\(field).resources")
            errors += identityErrors(container["securityContext"] ?? [:], "\(field).securityContext")
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                errors += container[probe].map { probeErrors($0, "\(field).\(probe)") } ?? []
            }
        }
        return errors
    }

    private func name(_ value: JSON?, _ field: String, _ names: inout Set<String>) -> [FieldError] {
        guard let name = value?.string else { return [.required(field)] }
        if !names.insert(name).inserted { return [.duplicate(field, name)] }
        return Names.label(name).map { .invalid(field, .string(name), $0) }
    }

    private func portErrors(_ container: JSON, _ field: String) -> [FieldError] {
        (container["ports"]?.array ?? []).enumerated().compactMap { index, port in
            let field = "\(field).ports[\(index)].containerPort"
            guard let number = port["containerPort"]?.integer else { return .required(field) }
            return isPort(number) ? nil : .invalid(field, .integer(number), Self.portRule)
        }
    }

    private func environmentErrors(_ container: JSON, _ field: String) -> [FieldError] {
        (container["env"]?.array ?? []).enumerated().compactMap { index, variable in
            let field = "\(field).env[\(index)]"
            guard let name = variable["name"]?.string else { return .required("\(field).name") }
            if name.contains("=") || !name.unicodeScalars.allSatisfy({ (0x20...0x7E).contains($0.value) }) {
                let rule =
                    "a valid environment variable name must consist only of printable ASCII characters other than '='"
                return .invalid("\(field).name", .string(name), rule)
            }
            if variable["value"] != nil, variable["valueFrom"] != nil {
                return .invalid("\(field).valueFrom", "", "may not be specified when `value` is not empty")
            }
            return nil
        }
    }

    private func mountErrors(_ container: JSON, _ field: String) -> [FieldError] {
        var paths: Set<String> = []
        var errors: [FieldError] = []
        for (index, mount) in (container["volumeMounts"]?.array ?? []).enumerated() {
            let field = "\(field).volumeMounts[\(index)]"
            if let name = mount["name"]?.string {
                if !volumes.contains(name) { errors.append(.notFound("\(field).name", name)) }
            } else {
                errors.append(.required("\(field).name"))
            }
            if let path = mount["mountPath"]?.string {
                if !paths.insert(path).inserted {
                    errors.append(.invalid("\(field).mountPath", .string(path), "must be unique"))
                }
            } else {
                errors.append(.required("\(field).mountPath"))
            }
            if let path = mount["subPath"]?.string { errors += subPathErrors(path, "\(field).subPath") }
        }
        return errors
    }

    private func subPathErrors(_ path: String, _ field: String) -> [FieldError] {
        if path.hasPrefix("/") { return [.invalid(field, .string(path), "must be a relative path")] }
        if path.split(separator: "/").contains("..") {
            return [.invalid(field, .string(path), "must not contain '..'")]
        }
        return []
    }

    private func resourceErrors(_ resources: JSON, _ field: String) -> [FieldError] {
        let limits = resources["limits"]?.object ?? [:]
        return (resources["requests"]?.object ?? [:]).sorted { $0.key < $1.key }.compactMap { name, value in
            guard let request = value.string, let limit = limits[name]?.string,
                let asked = Quantity(request), let most = Quantity(limit), asked > most
            else { return nil }
            return .invalid(
                "\(field).requests", .string(request), "must be less than or equal to \(name) limit of \(limit)")
        }
    }

    private func identityErrors(_ context: JSON, _ field: String) -> [FieldError] {
        ["runAsUser", "runAsGroup", "fsGroup"].compactMap { name in
            guard let number = context[name]?.integer, !(0...Int64(Int32.max)).contains(number) else { return nil }
            return .invalid("\(field).\(name)", .integer(number), "must be between 0 and 2147483647, inclusive")
        }
    }

    private func probeErrors(_ probe: JSON, _ field: String) -> [FieldError] {
        let handlers = ["exec", "httpGet", "tcpSocket", "grpc"].filter { probe[$0] != nil }
        if handlers.isEmpty { return [.required(field, "must specify a handler type")] }
        if handlers.count > 1 {
            return [.forbidden("\(field).\(handlers[1])", "may not specify more than 1 handler type")]
        }
        let numbers = [
            "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold",
        ]
        var errors = numbers.flatMap { notNegative("\(field).\($0)", probe[$0]) }
        if let port = probe[handlers[0]]?["port"]?.integer, !isPort(port) {
            errors.append(.invalid("\(field).\(handlers[0]).port", .integer(port), Self.portRule))
        }
        return errors
    }

    private func choice(_ field: String, _ value: JSON?, _ known: [String]) -> [FieldError] {
        guard let text = value?.string, !known.contains(text) else { return [] }
        return [.unsupported(field, text, known.sorted())]
    }

    private func notNegative(_ field: String, _ value: JSON?) -> [FieldError] {
        guard let number = value?.integer, number < 0 else { return [] }
        return [.invalid(field, .integer(number), "must be greater than or equal to 0")]
    }

    private func isPort(_ number: Int64) -> Bool { (1...65535).contains(number) }

    private static let portRule = "must be between 1 and 65535, inclusive"
}
