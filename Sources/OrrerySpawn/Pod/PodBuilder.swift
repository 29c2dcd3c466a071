import OrreryKubernetes
import OrreryModel
import OrreryStore

/// Makes the objects of a session from its record: the pod, its Secret and its ConfigMap. A pure function: the same
/// record, variables and settings give the same objects, byte for byte.
struct PodBuilder {
    let session: SessionRecord
    /// The contract's variables; they win over those of the plan.
    let variables: [String: String]
    let settings: SpawnSettings
    /// Whether the pod has a directory of tokens.
    var hasTokens = false

    var plan: Plan { session.plan }

    func pod() -> Pod {
        var annotations = [
            PodMark.plan: session.planHash, PodMark.person: session.personName, PodMark.server: session.server,
            PodMark.groups: plan.groups?.joined(separator: ",") ?? "",
        ]
        annotations = annotations.filter { !$0.value.isEmpty }
        return Pod(metadata: metadata(session.pod, annotations: annotations), spec: spec())
    }

    func tokenSecret(_ token: Secret) -> SecretObject {
        SecretObject(metadata: metadata(session.tokenName), texts: [Self.tokenKey: token])
    }

    func accounts() -> ConfigMap {
        let accounts = Accounts(plan)
        return ConfigMap(
            metadata: metadata(session.accountsName), data: ["passwd": accounts.passwd, "group": accounts.group])
    }

    static let container = "notebook"
    static let tokenKey = "token"

    func metadata(_ name: String, annotations: [String: String]? = nil) -> ObjectMeta {
        ObjectMeta(
            name: name, namespace: session.namespace, labels: PodMark.labels(of: session, hub: settings.hub),
            annotations: annotations)
    }

    private func spec() -> PodSpec {
        var spec = PodSpec(containers: [notebook()])
        spec.volumes = volumes()
        spec.securityContext = securityContext()
        spec.restartPolicy = "Never"
        spec.automountServiceAccountToken = false
        spec.enableServiceLinks = false
        spec.activeDeadlineSeconds = max(1, plan.life.max.components.seconds)
        spec.terminationGracePeriodSeconds = max(1, plan.life.grace.components.seconds)
        spec.nodeSelector = plan.nodeSelector.isEmpty ? nil : plan.nodeSelector
        placeOnNodes(&spec)
        return spec
    }

    private func notebook() -> Container {
        var container = Container(name: Self.container, image: plan.environment.image)
        container.imagePullPolicy = "IfNotPresent"
        container.command = plan.environment.command.map(escapingDollars)
        container.workingDir = plan.home
        container.env = environment()
        container.ports = [ContainerPort(name: Self.container, containerPort: Int(plan.environment.port))]
        container.resources = resources()
        container.volumeMounts = volumeMounts()
        container.readinessProbe = Probe(
            path: session.prefix + "api", port: Int(plan.environment.port), period: 1, timeout: 2, failures: 30)
        container.securityContext = .restricted
        // The status then carries the last lines of output, also where the hub may not read logs.
        container.terminationMessagePolicy = "FallbackToLogsOnError"
        return container
    }

    private func securityContext() -> PodSecurityContext {
        var context = PodSecurityContext()
        context.runAsNonRoot = true
        if plan.identity.user == nil {
            context.runAsUser = Int64(plan.identity.uid)
            context.runAsGroup = Int64(plan.identity.gid)
        }
        let groups = plan.identity.supplementalGroups.map { Int64($0) }
        context.supplementalGroups = groups.isEmpty ? nil : groups
        // Keeps the groups out that the image's own `/etc/group` would add.
        context.supplementalGroupsPolicy = "Strict"
        if let group = plan.identity.volumeGroup {
            context.fsGroup = Int64(group)
            context.fsGroupChangePolicy = "OnRootMismatch"
        }
        context.seccompProfile = SeccompProfile(type: "RuntimeDefault")
        return context
    }

    private func resources() -> ResourceRequirements {
        let size = plan.size
        var limits = ["cpu": size.cpuLimit, "memory": size.memoryLimit]
        if size.gpu > 0 { limits[size.gpuResource ?? "nvidia.com/gpu"] = String(size.gpu) }
        return ResourceRequirements(
            requests: ["cpu": size.cpuRequest, "memory": size.memoryRequest], limits: limits)
    }
}

/// `text` with every dollar sign doubled, so that the kubelet gives it on as it is instead of expanding `$(…)` in it.
func escapingDollars(_ text: String) -> String {
    text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
}
