internal import OrreryModel

/// The read-only part of a container's file system: which paths of this machine are seen where, before any volume.
///
/// The root itself is a small file system in memory, so that mount points can be made in it. A mount point deeper down,
/// in a directory that is bound from this machine, has to be there already; where it is not, the directory is opened
/// up: an empty one takes its place and its children are bound one by one.
struct RootTree: Equatable {
    enum Entry: Equatable {
        case bind(source: String, destination: String)
        case link(target: String, destination: String)
        case directory(String)
    }

    private(set) var entries: [Entry] = []

    /// The tree of an image, prepared for mounts at `mountPoints`.
    init(_ content: PocketConfiguration.Image.Content, mountPoints: [String]) {
        switch content {
        case .root(let root):
            for name in FileBytes.names(in: root) where !Self.own.contains(name) {
                add("\(root)/\(name)", at: "/\(name)", mountPoints)
            }
        case .environment(let environment):
            for name in Self.system { add("/\(name)", at: "/\(name)", mountPoints) }
            for name in Self.settings where FileBytes.exists("/etc/\(name)") {
                add("/etc/\(name)", at: "/etc/\(name)", mountPoints)
            }
            for path in Self.pythonDirectories(of: environment) { add(path, at: path, mountPoints) }
        }
    }

    private mutating func add(_ source: String, at destination: String, _ mountPoints: [String]) {
        if let target = SymbolicLink.target(of: source) {
            entries.append(.link(target: target, destination: destination))
            return
        }
        guard FileBytes.exists(source) else { return }
        let inside = mountPoints.filter { $0.hasPrefix(destination + "/") }
        let isMissing = inside.contains { !FileBytes.exists(source + $0.dropFirst(destination.count)) }
        guard isMissing, FileBytes.isDirectory(source) else {
            entries.append(.bind(source: source, destination: destination))
            return
        }
        entries.append(.directory(destination))
        for name in FileBytes.names(in: source) { add("\(source)/\(name)", at: "\(destination)/\(name)", inside) }
    }

    /// The environment, and the interpreter it was made from when that lies outside of `/usr`.
    private static func pythonDirectories(of environment: String) -> [String] {
        let lines = ((try? FileBytes.read("\(environment)/pyvenv.cfg")) ?? []).split(separator: UInt8(ascii: "\n"))
        let homes = lines.compactMap { line -> String? in
            let parts = String(decoding: line, as: UTF8.self).split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " }) == "home" else { return nil }
            return String(parts[1].drop { $0 == " " })
        }
        let interpreters = homes.filter { $0.hasSuffix("/bin") && $0 != "/bin" && !$0.hasPrefix("/usr/") }
        return interpreters.map { String($0.dropLast(4)) } + [environment]
    }

    // What the sandbox makes itself, never taken from an image's root.
    private static let own: Set<String> = ["proc", "dev", "sys", "tmp", "run"]
    private static let system = ["usr", "bin", "lib", "lib32", "lib64", "libx32", "sbin"]
    // What programs need to find libraries, certificates, hosts and time. Not `passwd`, `group` and `shadow`: who lives
    // on this machine is nobody's business in a pod.
    private static let settings = [
        "alternatives", "ca-certificates", "ca-certificates.conf", "fonts", "gai.conf", "host.conf",
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "protocols",
        "resolv.conf", "services", "ssl", "terminfo", "timezone",
    ]
}
