internal import Glibc
internal import OrreryModel

/// Where each volume of one pod lies on this machine. Making it may fail for a while, as a missing Secret may come yet.
struct PodVolumes {
    /// What a volume turned out to be.
    struct Volume: Equatable, Codable, Sendable {
        let directory: String
        /// The claim, export or projection allows reading only, whatever the mount says.
        var isReadOnly = false
    }

    /// A volume that cannot be had, in the kubelet's words.
    struct Failure: Error, Equatable {
        let message: String
    }

    let configuration: PocketConfiguration
    let store: ObjectStore
    /// Where this pod's own volumes are kept.
    let directory: String
    let manifest: PodManifest
    let variables: DownwardFields

    /// Makes what has to be made and answers with each volume by name.
    func prepare() throws(Failure) -> [String: Volume] {
        var volumes: [String: Volume] = [:]
        for volume in manifest.volumes {
            guard let name = volume["name"]?.string else { continue }
            do {
                volumes[name] = try prepare(volume, name)
            } catch {
                throw Failure(message: "MountVolume.SetUp failed for volume \"\(name)\" : \(error.message)")
            }
        }
        return volumes
    }

    private func prepare(_ volume: JSON, _ name: String) throws(Failure) -> Volume {
        if let claim = volume["persistentVolumeClaim"] { return try claimed(claim) }
        if let path = volume["hostPath"] { return try hostPath(path) }
        if let export = volume["nfs"] { return try exported(export) }
        if let image = volume["image"] { return try files(of: image) }
        if let driver = volume["csi"]?["driver"]?.string {
            throw Failure(message: "driver name \(driver) not found in the list of registered CSI drivers")
        }
        let own = "\(directory)/\(name)"
        if volume["emptyDir"] != nil || isEmpty(volume) { return try empty(own) }
        if let source = projection(volume) {
            try show(try contents(of: volume), of: source, in: own)
            return Volume(directory: own, isReadOnly: true)
        }
        let kind = (volume.object ?? [:]).keys.filter { $0 != "name" }.sorted().first ?? "unknown"
        throw Failure(message: "volume type \(kind) is not supported by pocket")
    }

    /// Brings the files that are made from objects up to date, as a kubelet does once a minute. An object that is gone leaves the
    /// files as they were.
    func refresh() {
        for volume in manifest.volumes {
            guard let name = volume["name"]?.string, let source = projection(volume),
                let files = try? contents(of: volume)
            else { continue }
            let own = "\(directory)/\(name)"
            if !ProjectedDirectory(path: own).shows(files) { try? show(files, of: source, in: own) }
        }
    }

    private func projection(_ volume: JSON) -> JSON? {
        volume["configMap"] ?? volume["secret"] ?? volume["downwardAPI"] ?? volume["projected"]
    }

    private func contents(of volume: JSON) throws(Failure) -> [ProjectedFiles.File] {
        try ProjectedFiles(store: store, namespace: manifest.key.namespace, variables: variables).contents(of: volume)
    }

    private func show(_ files: [ProjectedFiles.File], of source: JSON, in path: String) throws(Failure) {
        do {
            try ProjectedDirectory(path: path).show(
                files, defaultMode: source["defaultMode"]?.integer, group: fileGroup)
        } catch { throw Failure(message: "\(error)") }
    }

    /// A volume that names no source is an empty directory, as a real API server has it.
    private func isEmpty(_ volume: JSON) -> Bool { (volume.object ?? [:]).keys.allSatisfy { $0 == "name" } }

    private var fileGroup: gid_t? { manifest.security["fsGroup"]?.integer.flatMap(gid_t.init(exactly:)) }

    private func empty(_ path: String) throws(Failure) -> Volume {
        do {
            try FileBytes.makeDirectory(directory)
            try FileBytes.makeDirectory(path, mode: 0o777)
        } catch {
            throw Failure(message: "\(error)")
        }
        if let group = fileGroup {
            unsafe chown(path, uid_t.max, group)
            unsafe chmod(path, 0o2777)
        }
        return Volume(directory: path)
    }

    private func claimed(_ source: JSON) throws(Failure) -> Volume {
        let name = source["claimName"]?.string ?? ""
        let key = ObjectStore.Key(kind: .persistentvolumeclaims, namespace: manifest.key.namespace, name: name)
        guard let claim = store.object(key) else {
            throw Failure(message: "persistentvolumeclaim \"\(name)\" not found")
        }
        guard let volume = claim["spec"]?["volumeName"]?.string,
            let object = store.object(ObjectStore.Key(kind: .persistentvolumes, name: volume)),
            let path = object["spec"]?["hostPath"]?["path"]?.string
        else { throw Failure(message: "persistentvolumeclaim \"\(name)\" is not bound to a volume of this node") }
        try requireDirectory(path, of: "volume \(volume)")
        let modes = (claim["spec"]?["accessModes"]?.array ?? []).compactMap(\.string)
        let isReadOnly = source["readOnly"]?.bool ?? false || modes == ["ReadOnlyMany"]
        return Volume(directory: path, isReadOnly: isReadOnly)
    }

    /// The whole tree of an image that is one here; one that stands for a Python environment has none of its own.
    private func files(of source: JSON) throws(Failure) -> Volume {
        let reference = source["reference"]?.string ?? ""
        do {
            let image = try ImageCatalog(configuration.images).image(for: reference)
            guard case .root(let directory) = image.content else {
                throw Failure(message: "image \(reference) is a Python environment here, and no tree to mount")
            }
            return Volume(directory: directory, isReadOnly: true)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(message: "failed to pull image \"\(reference)\": not found")
        }
    }

    private func exported(_ source: JSON) throws(Failure) -> Volume {
        let server = source["server"]?.string ?? ""
        let path = source["path"]?.string ?? ""
        let export = configuration.nfs.first {
            $0.server == server && (path == $0.path || path.hasPrefix($0.path == "/" ? "/" : $0.path + "/"))
        }
        guard let export else {
            throw Failure(
                message: "mount failed: exit status 32: mount.nfs: \(server):\(path): no stand-in is configured for it")
        }
        let rest = String(path.dropFirst(export.path.count))
        let directory = try Self.inside(export.directory, rest, "\(server):\(path)")
        return Volume(directory: directory, isReadOnly: source["readOnly"]?.bool ?? false)
    }

    /// The path of `rest` below `directory`, with no link that leads out of it.
    private static func inside(_ directory: String, _ rest: String, _ name: String) throws(Failure) -> String {
        guard let file = try? RootedPath(root: directory).open(rest),
            let path = SymbolicLink.target(of: "/proc/self/fd/\(file.number)"), FileBytes.isDirectory(path)
        else { throw Failure(message: "\(name) is not a directory on this machine") }
        return path
    }

    private func requireDirectory(_ path: String, of name: String) throws(Failure) {
        guard FileBytes.isDirectory(path) else { throw Failure(message: "\(name): \(path) is not a directory") }
    }
}
