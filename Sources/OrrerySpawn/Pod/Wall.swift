import OrreryKubernetes

/// The parts of a pod that keep one person from another's files. A cluster may add to a pod what it likes, but it must not
/// change these: an old server drops fields that it does not know, and a webhook may rewrite any.
enum Wall {
    /// What `made` has otherwise than `wanted`, one clause each; empty when the wall stands.
    ///
    /// A server before Kubernetes 1.33 drops the policy of groups unless it was told otherwise, and the groups of an image's `/etc/group` are added to the
    /// session's. That matters for the mounts of the paths `byGroups`, in which nothing but owners and modes keeps people apart.
    static func breaches(in made: Pod, wanted: Pod, byGroups: [String]) -> [String] {
        var breaches = pod(made.spec, wanted.spec)
        breaches += groupsPolicy(made.spec.securityContext, wanted.spec.securityContext, byGroups)
        guard made.spec.containers.count >= wanted.spec.containers.count else {
            return breaches + ["a container is missing"]
        }
        for container in wanted.spec.containers {
            guard let found = made.spec.containers.first(where: { $0.name == container.name }) else {
                breaches.append("the container \(container.name) is missing")
                continue
            }
            breaches += self.container(found, container)
        }
        for volume in wanted.spec.volumes ?? [] where !(made.spec.volumes ?? []).contains(where: { isSame($0, volume) })
        {
            breaches.append("the volume \(volume.name) is another one")
        }
        return breaches
    }

    private static func pod(_ made: PodSpec, _ wanted: PodSpec) -> [String] {
        let (found, asked) = (made.securityContext, wanted.securityContext)
        let breaches: [String?] = [
            differs("runAsUser", found?.runAsUser, asked?.runAsUser),
            differs("runAsGroup", found?.runAsGroup, asked?.runAsGroup),
            differs("runAsNonRoot", found?.runAsNonRoot, asked?.runAsNonRoot),
            differs("supplementalGroups", found?.supplementalGroups ?? [], asked?.supplementalGroups ?? []),
            differs("fsGroup", found?.fsGroup, asked?.fsGroup),
            differs("fsGroupChangePolicy", found?.fsGroupChangePolicy, asked?.fsGroupChangePolicy),
            differs("seccompProfile", found?.seccompProfile?.type, asked?.seccompProfile?.type),
            differs("hostNetwork", made.hostNetwork ?? false, wanted.hostNetwork ?? false),
            differs("hostPID", made.hostPID ?? false, wanted.hostPID ?? false),
            differs("hostIPC", made.hostIPC ?? false, wanted.hostIPC ?? false),
            differs(
                "automountServiceAccountToken", made.automountServiceAccountToken,
                wanted.automountServiceAccountToken),
        ]
        return breaches.compactMap { $0 }
    }

    private static func groupsPolicy(
        _ found: PodSecurityContext?, _ asked: PodSecurityContext?, _ byGroups: [String]
    ) -> [String] {
        let words = differs(
            "supplementalGroupsPolicy", found?.supplementalGroupsPolicy, asked?.supplementalGroupsPolicy)
        guard let words else { return [] }
        guard found?.supplementalGroupsPolicy == nil else { return [words] }
        guard !byGroups.isEmpty else { return [] }
        return ["\(words), and owners and modes of files keep people apart in \(byGroups.joined(separator: ", "))"]
    }

    private static func container(_ made: Container, _ wanted: Container) -> [String] {
        let (found, asked) = (made.securityContext, wanted.securityContext)
        let breaches = [
            differs("image", made.image, wanted.image),
            differs("command", made.command, wanted.command),
            differs("the container's runAsUser", found?.runAsUser, asked?.runAsUser),
            differs("the container's runAsGroup", found?.runAsGroup, asked?.runAsGroup),
            differs("privileged", found?.privileged ?? false, asked?.privileged ?? false),
            differs(
                "allowPrivilegeEscalation", found?.allowPrivilegeEscalation, asked?.allowPrivilegeEscalation),
            differs("added capabilities", found?.capabilities?.add ?? [], asked?.capabilities?.add ?? []),
            differs("dropped capabilities", found?.capabilities?.drop ?? [], asked?.capabilities?.drop ?? []),
        ]
        return breaches.compactMap { $0 } + mounts(made.volumeMounts ?? [], wanted.volumeMounts ?? [])
    }

    private static func mounts(_ made: [VolumeMount], _ wanted: [VolumeMount]) -> [String] {
        wanted.compactMap { mount in
            let found = made.filter { $0.mountPath == mount.mountPath }
            guard found.count == 1, let only = found.first else { return "\(mount.mountPath) is not mounted" }
            guard only.name == mount.name, only.subPath == mount.subPath else {
                return "\(mount.mountPath) shows something else"
            }
            guard (only.readOnly ?? false) == (mount.readOnly ?? false) else {
                return "\(mount.mountPath) is \(only.readOnly == true ? "read-only" : "writable")"
            }
            return inner(only, mount)
        }
    }

    /// What is mounted inside a mount is as much behind the wall as the mount: an old server drops these fields, and what it
    /// shows then is writable, or is missing.
    private static func inner(_ made: VolumeMount, _ wanted: VolumeMount) -> String? {
        guard (made.recursiveReadOnly ?? "Disabled") == (wanted.recursiveReadOnly ?? "Disabled") else {
            return
                "what is mounted inside \(wanted.mountPath) is \(wanted.recursiveReadOnly == nil ? "read-only" : "writable")"
        }
        guard (made.mountPropagation ?? "None") == (wanted.mountPropagation ?? "None") else {
            return "\(wanted.mountPath) has the propagation \(made.mountPropagation ?? "None")"
        }
        return nil
    }

    /// Compares what the volume shows, not the modes that a server fills in.
    private static func isSame(_ made: Volume, _ wanted: Volume) -> Bool {
        made.name == wanted.name
            && made.configMap?.name == wanted.configMap?.name
            && made.secret?.secretName == wanted.secret?.secretName
            && made.persistentVolumeClaim?.claimName == wanted.persistentVolumeClaim?.claimName
            && made.persistentVolumeClaim?.readOnly ?? false == wanted.persistentVolumeClaim?.readOnly ?? false
            && made.hostPath == wanted.hostPath
            && made.nfs?.server == wanted.nfs?.server
            && made.nfs?.path == wanted.nfs?.path
            && made.nfs?.readOnly ?? false == wanted.nfs?.readOnly ?? false
            && isSame(made.csi, wanted.csi)
            && made.image?.reference == wanted.image?.reference
            && (made.emptyDir == nil) == (wanted.emptyDir == nil)
    }

    private static func isSame(_ made: Volume.DriverSource?, _ wanted: Volume.DriverSource?) -> Bool {
        made?.driver == wanted?.driver && made?.readOnly ?? false == wanted?.readOnly ?? false
            && made?.volumeAttributes ?? [:] == wanted?.volumeAttributes ?? [:]
    }

    private static func differs<Value: Equatable>(_ field: String, _ made: Value?, _ wanted: Value?) -> String? {
        guard made != wanted else { return nil }
        return "\(field) is \(made.map { "\($0)" } ?? "absent") instead of \(wanted.map { "\($0)" } ?? "absent")"
    }
}
