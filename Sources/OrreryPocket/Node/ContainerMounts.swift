internal import Glibc
internal import OrreryModel

/// The mounts of one container, looked up so that nobody can exchange a directory for a link unnoticed.
struct ContainerMounts {
    private(set) var mounts: [SandboxPlan.Mount] = []
    private(set) var checks: [ContainerRun.MountCheck] = []

    /// The container's volume mounts. A missing `subPath` is made as a directory with the volume's own mode; one that
    /// leads out of the volume is refused.
    init(
        of container: ContainerManifest, _ volumes: [String: PodVolumes.Volume], variables: [String: String],
        root: String
    ) throws(ContainerEnvironment.Failure) {
        for mount in container.mounts {
            guard let name = mount["name"]?.string, let volume = volumes[name], let path = mount["mountPath"]?.string
            else { continue }
            let isReadOnly = volume.isReadOnly || mount["readOnly"]?.bool ?? false
            let expression = mount["subPathExpr"]?.string.map { ContainerEnvironment.expand($0, with: variables) }
            let part = mount["subPath"]?.string ?? expression ?? ""
            let destination = "/" + path.split(separator: "/").joined(separator: "/")
            guard !Tool.isOurs(destination), !Tool.isOurs(Self.real(destination, in: root)) else {
                throw ContainerEnvironment.Failure(
                    message: "pocket mounts nothing at \(path): its own way into the container leads through there")
            }
            do {
                try add(volume, part: part, at: destination, isReadOnly)
            } catch {
                throw ContainerEnvironment.Failure(
                    message: "failed to prepare subPath for volumeMount \"\(name)\" of container \"\(container.name)\"")
            }
        }
    }

    /// Where a mount at `path` would come to lie in an image whose root is `root`, links followed as far as it is there.
    private static func real(_ path: String, in root: String) -> String {
        let rooted = RootedPath(root: root, links: .inRoot)
        var names = path.split(separator: "/")
        var missing: [Substring] = []
        while !names.isEmpty {
            if let file = try? rooted.open(names.joined(separator: "/")),
                let found = SymbolicLink.target(of: "/proc/self/fd/\(file.number)"), found.hasPrefix(root)
            {
                let inside = found.dropFirst(root.count).split(separator: "/")
                return "/" + (inside + missing.reversed()).joined(separator: "/")
            }
            missing.append(names.removeLast())
        }
        return path
    }

    private mutating func add(
        _ volume: PodVolumes.Volume, part: String, at destination: String, _ isReadOnly: Bool
    ) throws(RootedPath.Failure) {
        guard !part.isEmpty || FileBytes.isDirectory(volume.directory) else {
            // A hostPath may be a file.
            mounts.append(
                SandboxPlan.Mount(source: volume.directory, destination: destination, isReadOnly: isReadOnly))
            return
        }
        let root = RootedPath(root: volume.directory)
        let mode = try root.open("").mode & 0o7777
        let file = try root.open(part, creating: volume.isReadOnly ? nil : mode)
        guard let source = SymbolicLink.target(of: "/proc/self/fd/\(file.number)"), let identity = file.identity else {
            throw .missing(part)
        }
        mounts.append(SandboxPlan.Mount(source: source, destination: destination, isReadOnly: isReadOnly))
        checks.append(ContainerRun.MountCheck(destination: destination, identity: identity))
    }

    /// Adds what a runtime puts into every container: the message file, and the names of hosts and accounts where
    /// neither image nor pod has them.
    mutating func addSettings(
        of worker: PodWorker, _ container: ContainerManifest, from image: ImageCatalog.Image, in directory: String
    ) throws(PocketError) {
        add("\(directory)/message", at: container.terminationMessagePath, isReadOnly: false)
        let host = worker.manifest.hostname
        let settings = "\(worker.directory)/settings"
        try FileBytes.makeDirectory(settings)
        let hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost\n\(worker.runtime.address ?? "127.0.0.1")\t\(host)\n"
        try FileBytes.replace("\(settings)/hosts", with: Array(hosts.utf8), mode: 0o644)
        try FileBytes.replace("\(settings)/hostname", with: Array("\(host)\n".utf8), mode: 0o644)
        add("\(settings)/hosts", at: "/etc/hosts")
        add("\(settings)/hostname", at: "/etc/hostname")
        switch image.content {
        case .root: add("/etc/resolv.conf", at: "/etc/resolv.conf")
        case .environment:
            try FileBytes.replace("\(settings)/passwd", with: Array(ImageVariables.accounts.utf8), mode: 0o644)
            try FileBytes.replace("\(settings)/group", with: Array(ImageVariables.groups.utf8), mode: 0o644)
            add("\(settings)/passwd", at: "/etc/passwd")
            add("\(settings)/group", at: "/etc/group")
        }
    }

    /// Adds a file of the node's own, unless the pod has something at that place.
    private mutating func add(_ source: String, at destination: String, isReadOnly: Bool = true) {
        guard FileBytes.exists(source), !mounts.contains(where: { $0.destination == destination }) else { return }
        mounts.append(SandboxPlan.Mount(source: source, destination: destination, isReadOnly: isReadOnly))
    }
}
