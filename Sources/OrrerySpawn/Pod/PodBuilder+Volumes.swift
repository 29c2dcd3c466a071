import OrreryKubernetes
import OrreryModel

extension PodBuilder {
    static let runtimeDirectory = "/run/orrery"

    /// One volume per source: two volumes of one claim would leave the pod hanging without an event.
    func volumes() -> [Volume] {
        let data = sources().enumerated().map { index, source in
            volume(
                source, called: name(index), isReadOnly: plan.mounts.allSatisfy { $0.source != source || $0.isReadOnly }
            )
        }
        let tokens = hasTokens ? [Volume.secret(Own.tokens, called: session.tokensName, mode: PodTokens.mode)] : []
        return [.configMap(Own.accounts, called: session.accountsName), .scratch(Own.runtime), .scratch(Own.temporary)]
            + tokens + data
    }

    /// The session's own first, then the plan's in the plan's order, which puts an outer mount before an inner one.
    func volumeMounts() -> [VolumeMount] {
        let sources = sources()
        // An image with a user of its own knows that one by its own files.
        let accounts = [
            VolumeMount(name: Own.accounts, mountPath: "/etc/group", subPath: "group", isReadOnly: true),
            VolumeMount(name: Own.accounts, mountPath: "/etc/passwd", subPath: "passwd", isReadOnly: true),
        ]
        let own =
            (plan.identity.user == nil ? accounts : []) + [
                VolumeMount(name: Own.runtime, mountPath: Self.runtimeDirectory),
                VolumeMount(name: Own.temporary, mountPath: "/tmp"),
            ]
        // No single file of it: such a mount never changes.
        let tokens =
            hasTokens ? [VolumeMount(name: Own.tokens, mountPath: PodTokens.directory, isReadOnly: true)] : []
        return own + tokens
            + plan.mounts.compactMap { mount in
                sources.firstIndex(of: mount.source).map { index in
                    volumeMount(mount, of: name(index))
                }
            }
    }

    /// Every source once, in the order in which the mounts name them.
    private func sources() -> [Plan.Source] {
        var seen: Set<Plan.Source> = []
        return plan.mounts.map(\.source).filter { seen.insert($0).inserted }
    }

    private func name(_ index: Int) -> String { "data-\(index)" }

    private func volume(_ source: Plan.Source, called name: String, isReadOnly: Bool) -> Volume {
        switch source {
        case .claim(let claim): .claim(name, called: claim, isReadOnly: isReadOnly)
        case .hostPath(let path): .hostPath(name, at: path)
        case .ownClaim(let claim): .claim(name, called: claim.name, isReadOnly: isReadOnly)
        case .nfs(let export): .nfs(name, on: export.server, at: export.path, isReadOnly: isReadOnly)
        case .csi(let volume):
            .driver(name, volume.driver, attributes: volume.attributes, isReadOnly: isReadOnly)
        case .image(let reference): .image(name, reference)
        }
    }

    private func volumeMount(_ mount: Plan.Mount, of volume: String) -> VolumeMount {
        var made = VolumeMount(
            name: volume, mountPath: mount.path, subPath: mount.subPath, isReadOnly: mount.isReadOnly)
        switch mount.inner {
        case .kept: break
        case .followed: made.mountPropagation = "HostToContainer"
        // Meant for mounts that are read-only themselves; the API refuses it on others.
        case .readOnly: made.recursiveReadOnly = mount.isReadOnly ? "Enabled" : nil
        }
        return made
    }

    private enum Own {
        static let accounts = "accounts"
        static let runtime = "runtime"
        static let temporary = "tmp"
        static let tokens = "tokens"
    }
}
