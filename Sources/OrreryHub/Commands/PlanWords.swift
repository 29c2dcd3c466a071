import OrreryModel

/// A plan in lines that people read: what runs, what is mounted, and what is not and why.
enum PlanWords {
    static func lines(of plan: Plan) -> [String] {
        let identity = plan.identity
        var lines = [
            "environment \(plan.environment.name): \(plan.environment.image)",
            "size \(plan.size.name): cpu \(plan.size.cpuRequest) to \(plan.size.cpuLimit), memory "
                + "\(plan.size.memoryRequest) to \(plan.size.memoryLimit)"
                + (plan.size.gpu > 0 ? ", \(plan.size.gpu) of \(plan.size.gpuResource ?? "nvidia.com/gpu")" : ""),
        ]
        lines += (plan.options ?? [:]).sorted { $0.key < $1.key }.map { "option \($0.key): \($0.value)" }
        lines.append(
            identity.user == .image
                ? "processes: the image's own user"
                : "processes: uid \(identity.uid), gid \(identity.gid)"
                    + (identity.supplementalGroups.isEmpty
                        ? "" : ", groups \(identity.supplementalGroups.map { "\($0)" }.joined(separator: ", "))"))
        lines += plan.mounts.map { mount in
            "mount \(mount.path) \(mount.isReadOnly ? "ro" : "rw"): fileset \(mount.fileset)"
                + (mount.path == plan.home ? ", the home" : "")
        }
        return lines + plan.refusals.map { "not mounted: \($0)" }
    }
}
