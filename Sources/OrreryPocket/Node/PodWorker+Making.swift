internal import Foundation
internal import Glibc
internal import OrreryModel

extension PodWorker {
    /// Makes a container's sandbox and leaves it waiting at its gate.
    func make(_ container: ContainerManifest, from image: ImageCatalog.Image, now: Date) {
        if let refusal = RunIdentity.refusal(manifest, container) {
            return refuse(container, "CreateContainerConfigError", refusal, now: now)
        }
        let variables: [String: String]
        var binds: ContainerMounts
        do {
            variables = try self.variables(of: container, from: image)
            binds = try ContainerMounts(of: container, runtime.volumes, variables: variables, root: image.root)
        } catch {
            return refuse(container, "CreateContainerConfigError", error.message, now: now)
        }
        let command = (container.command + container.arguments).map {
            ContainerEnvironment.expand($0, with: variables)
        }
        guard !command.isEmpty else {
            let problem = "failed to generate container spec: no command specified"
            return refuse(container, "CreateContainerError", problem, now: now)
        }
        tools.events.tell(manifest.object, .normal, "Created", "Container created", at: container.fieldPath)
        let shown = runtime.containers[container.name]?.state ?? .waiting(reason: "ContainerCreating", message: nil)
        runtime.containers[container.name]?.attempts += 1
        runtime.containers[container.name]?.imageID = image.id
        do {
            let directory = try makeRunDirectory(container)
            try binds.addSettings(of: self, container, from: image, in: directory)
            let plan = plan(container, image, binds, command)
            let run = try ContainerRun.start(plan, in: directory, variables: variables, expected: binds.checks)
            runtime.containers[container.name]?.state = .launching(run, shown: shown)
        } catch {
            startFailed(container, run: nil, "\(error)", now: now)
        }
    }

    private func plan(
        _ container: ContainerManifest, _ image: ImageCatalog.Image, _ binds: ContainerMounts, _ command: [String]
    ) -> SandboxPlan {
        let mounts = binds.mounts.sorted { $0.destination.depth < $1.destination.depth }
        let points = mounts.map(\.destination) + SandboxPlan.privateDirectories
        return SandboxPlan(
            sandbox: tools.sandbox, tree: RootTree(image.content, mountPoints: points), mounts: mounts,
            hostname: manifest.hostname, identity: RunIdentity(manifest, container),
            workingDirectory: container.workingDirectory ?? "/", command: command)
    }

    /// A fresh directory for the next run. Of the runs before, the last one is kept for its log.
    private func makeRunDirectory(_ container: ContainerManifest) throws(PocketError) -> String {
        let all = "\(directory)/containers/\(container.name)"
        let number = runtime.containers[container.name]?.attempts ?? 1
        for old in FileBytes.names(in: all).compactMap({ Int($0) }) where old < number - 1 || old >= number {
            FileBytes.remove("\(all)/\(old)")
        }
        let path = "\(all)/\(number)"
        try FileBytes.makeDirectory(path)
        try FileBytes.replace("\(path)/log", with: [])
        // Written by the container's user, whoever that is; nobody else gets through the directories above it.
        try FileBytes.replace("\(path)/message", with: [], mode: 0o666)
        return path
    }

    /// The container's variables. Throws what keeps it from being made.
    func variables(
        of container: ContainerManifest, from image: ImageCatalog.Image
    ) throws(ContainerEnvironment.Failure) -> [String: String] {
        var given = ImageVariables.variables(of: image.content)
        given["HOSTNAME"] = manifest.hostname
        let environment = ContainerEnvironment(
            store: tools.store, namespace: manifest.key.namespace, fields: fields)
        var variables = try environment.variables(of: container, over: given)
        if variables["HOME"] == nil {
            let accounts = container.mounts.first { $0["mountPath"]?.string == "/etc/passwd" }
            variables["HOME"] = ImageVariables.home(
                of: RunIdentity(manifest, container).user, accounts: accounts.flatMap(accountFile), image.content)
        }
        return variables
    }

    private func accountFile(_ mount: JSON) -> String? {
        guard let volume = runtime.volumes[mount["name"]?.string ?? ""] else { return nil }
        return mount["subPath"]?.string.map { "\(volume.directory)/\($0)" } ?? volume.directory
    }
}
