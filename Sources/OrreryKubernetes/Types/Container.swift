package struct Container: Codable, Hashable, Sendable {
    package var name: String
    package var image: String?
    package var imagePullPolicy: String?
    package var command: [String]?
    package var args: [String]?
    package var workingDir: String?
    package var env: [EnvironmentVariable]?
    package var ports: [ContainerPort]?
    package var resources: ResourceRequirements?
    package var volumeMounts: [VolumeMount]?
    package var readinessProbe: Probe?
    package var securityContext: ContainerSecurityContext?
    package var terminationMessagePolicy: String?

    package init(name: String, image: String) {
        self.name = name
        self.image = image
    }
}

/// A variable. In `value`, `$(NAME)` stands for a variable earlier in the list, and `$$` for one dollar sign.
package struct EnvironmentVariable: Codable, Hashable, Sendable {
    package var name: String
    package var value: String?
    package var valueFrom: Source?

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    package init(_ name: String, from source: Source) {
        self.name = name
        valueFrom = source
    }

    package struct Source: Codable, Hashable, Sendable {
        package var fieldRef: FieldReference?
        package var secretKeyRef: KeyReference?

        /// A field of the pod itself: `status.podIP`.
        package static func field(_ path: String) -> Source { Source(fieldRef: FieldReference(fieldPath: path)) }

        /// One key of a Secret in the pod's namespace.
        package static func secret(_ name: String, key: String) -> Source {
            Source(secretKeyRef: KeyReference(name: name, key: key))
        }
    }

    package struct FieldReference: Codable, Hashable, Sendable {
        package var fieldPath: String
    }

    package struct KeyReference: Codable, Hashable, Sendable {
        package var name: String?
        package var key: String
    }
}

package struct ContainerPort: Codable, Hashable, Sendable {
    package var name: String?
    package var containerPort: Int

    package init(name: String, containerPort: Int) {
        self.name = name
        self.containerPort = containerPort
    }
}

package struct ResourceRequirements: Codable, Hashable, Sendable {
    package var requests: [String: String]?
    package var limits: [String: String]?

    package init(requests: [String: String], limits: [String: String]? = nil) {
        self.requests = requests
        self.limits = limits
    }
}

/// A check by HTTP that the kubelet makes. It has no `host`: PodSecurity forbids one.
package struct Probe: Codable, Hashable, Sendable {
    package var httpGet: Get?
    package var periodSeconds: Int?
    package var timeoutSeconds: Int?
    package var failureThreshold: Int?

    package init(path: String, port: Int, period: Int, timeout: Int, failures: Int) {
        httpGet = Get(path: path, port: port)
        periodSeconds = period
        timeoutSeconds = timeout
        failureThreshold = failures
    }

    package struct Get: Codable, Hashable, Sendable {
        package var path: String?
        package var port: Int
    }
}

package struct ContainerSecurityContext: Codable, Hashable, Sendable {
    package var allowPrivilegeEscalation: Bool?
    package var privileged: Bool?
    package var runAsNonRoot: Bool?
    package var runAsUser: Int64?
    package var runAsGroup: Int64?
    package var capabilities: Capabilities?

    package init() {}

    package struct Capabilities: Codable, Hashable, Sendable {
        package var add: [String]?
        package var drop: [String]?
    }

    /// No way up: no privilege escalation, no capability.
    package static var restricted: ContainerSecurityContext {
        var context = ContainerSecurityContext()
        context.allowPrivilegeEscalation = false
        context.capabilities = Capabilities(drop: ["ALL"])
        return context
    }
}
