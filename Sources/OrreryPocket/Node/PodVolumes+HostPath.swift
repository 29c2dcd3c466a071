internal import Glibc
internal import OrreryModel

extension PodVolumes {
    /// A path of this machine, when it lies below a directory the configuration allows, links followed.
    func hostPath(_ source: JSON) throws(Failure) -> Volume {
        let path = source["path"]?.string ?? ""
        guard let allowed = configuration.hostPaths.first(where: { Self.contains($0, path) }) else {
            throw Failure(message: "hostPath \(path) is not below a directory that pocket allows")
        }
        try make(path, as: source["type"]?.string ?? "")
        try check(path, is: source["type"]?.string ?? "")
        // Both with links followed, so that neither the directory allowed nor a link below it plays a trick.
        guard let real = Self.real(path), let root = Self.real(allowed), Self.contains(root, real) else {
            throw Failure(message: "hostPath \(path) leads out of \(allowed)")
        }
        return Volume(directory: real)
    }

    private func make(_ path: String, as type: String) throws(Failure) {
        guard type == "DirectoryOrCreate" || type == "FileOrCreate", !FileBytes.exists(path) else { return }
        do {
            if type == "DirectoryOrCreate" {
                try FileBytes.makeDirectory(path, mode: 0o755)
            } else {
                try FileBytes.replace(path, with: [], mode: 0o644)
            }
        } catch {
            throw Failure(message: "\(error)")
        }
    }

    private func check(_ path: String, is type: String) throws(Failure) {
        let kind = FileBytes.kind(of: path)
        switch type {
        case "Directory", "DirectoryOrCreate":
            guard kind == S_IFDIR else { throw failure(path, "directory") }
        case "File", "FileOrCreate": guard kind == S_IFREG else { throw failure(path, "file") }
        case "Socket": guard kind == S_IFSOCK else { throw failure(path, "socket") }
        case "CharDevice": guard kind == S_IFCHR else { throw failure(path, "character device") }
        case "BlockDevice": guard kind == S_IFBLK else { throw failure(path, "block device") }
        // Without a type nothing is checked, and a runtime makes the directory that is missing.
        default: guard kind != nil else { throw Failure(message: "hostPath type check failed: \(path) is missing") }
        }
    }

    private func failure(_ path: String, _ kind: String) -> Failure {
        Failure(message: "hostPath type check failed: \(path) is not a \(kind)")
    }

    private static func contains(_ directory: String, _ path: String) -> Bool {
        let root = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        let components = path.split(separator: "/")
        return !components.contains("..") && (path == root || path.hasPrefix(root + "/"))
    }

    private static func real(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
