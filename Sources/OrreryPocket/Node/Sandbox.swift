internal import Glibc
internal import OrreryModel

/// How pods are kept apart from the machine on this machine: bubblewrap makes the file system and the namespaces, and a
/// last step inside of them takes on the pod's user and gives up every privilege.
///
/// Started as root, the user and groups of a pod are real ones of this machine. Started by somebody else, a user
/// namespace makes them look real inside, and on disk everything belongs to that somebody; supplementary groups cannot
/// be had then. A `RuntimeDefault` seccomp profile is accepted and means: no new privileges and no capabilities, no
/// filter of system calls.
enum Sandbox: Sendable {
    case root
    case mapped

    /// The one that this process can use.
    static var own: Sandbox { geteuid() == 0 ? .root : .mapped }

    /// What goes before `bwrap`: as somebody else than root, a user namespace in which we may mount. It is not left to
    /// bubblewrap, because a probe must be able to enter it later.
    var entrance: [String] {
        switch self {
        case .root: []
        case .mapped: [Tool.unshare, "--user", "--map-root-user", "--"]
        }
    }

    /// What the last step needs; bubblewrap gives up everything else.
    var capabilities: [String] {
        let needed =
            switch self {
            case .root: ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]
            // Linux 5.12: to map root of the outer namespace into another one takes this capability.
            case .mapped: ["CAP_SETFCAP"]
            }
        return ["--cap-drop", "ALL"] + needed.flatMap { ["--cap-add", $0] }
    }

    /// What goes before the container's own command, inside of the sandbox: first the privileges are given up, and
    /// only then are the pod's variables taken on, from the file open at `variables`. Before, one like `LD_PRELOAD`
    /// would have code of the pod's choosing run with the privileges of the step itself.
    func entry(to identity: RunIdentity, variables: CInt) -> [String] {
        let script = "eval \"$(cat <&\(variables))\"; exec \(variables)<&-; exec \"$@\""
        return descent(to: identity) + ["/bin/sh", "-c", script, "sh"]
    }

    private func descent(to identity: RunIdentity) -> [String] {
        let renunciation = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        switch self {
        case .root:
            let groups = identity.others.map(String.init).joined(separator: ",")
            return [Tool.setpriv, "--reuid", "\(identity.user)", "--regid", "\(identity.group)"]
                + (groups.isEmpty ? ["--clear-groups"] : ["--groups", groups]) + renunciation + ["--"]
        case .mapped:
            return [
                Tool.unshare, "--user", "--map-user=\(identity.user)", "--map-group=\(identity.group)", "--",
                Tool.setpriv,
            ] + renunciation + ["--"]
        }
    }

    /// The command that runs `command` in the namespaces of a running container, with the variables in the file open
    /// at `variables`.
    func visit(
        _ process: ContainerProcess, as identity: RunIdentity, variables: CInt, command: [String]
    ) -> [String] {
        let child = "/proc/\(process.child.number)"
        var words = [Tool.nsenter]
        if self == .mapped {
            words += ["--user=/proc/\(process.outer.number)/ns/user", "--preserve-credentials"]
        }
        words += ["--mount=\(child)/ns/mnt", "--pid=\(child)/ns/pid", "--ipc=\(child)/ns/ipc", "--"]
        return words + entry(to: identity, variables: variables) + command
    }
}

/// The two processes of a running container, both seen from this machine.
struct ContainerProcess: Hashable, Codable, Sendable {
    /// bubblewrap's own, outside of the sandbox. It waits for the other and writes down how it ended.
    let outer: ProcessIdentity
    /// The first process inside: the container's own command once it has begun.
    let child: ProcessIdentity
}

/// Programs of Debian's `bubblewrap` and `util-linux`. The last two, and a shell with `cat`, are also taken from an
/// image's own root, so an image needs them too.
enum Tool {
    static let bwrap = "/usr/bin/bwrap"
    static let nsenter = "/usr/bin/nsenter"
    static let setpriv = "/usr/bin/setpriv"
    static let unshare = "/usr/bin/unshare"

    /// What the last step of the way into a sandbox runs from. A pod must not put anything of its own there.
    static func isOurs(_ path: String) -> Bool {
        let ours = [
            setpriv, unshare, "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/lib", "/lib32", "/lib64",
            "/libx32",
            "/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/ld.so.conf",
        ]
        return ours.contains { $0.isInside(path) || path.isInside($0) }
    }

    /// What these programs are started with: nothing of a pod's.
    static let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]

    /// Why pods cannot run on this machine; nil when they can.
    static var missing: String? {
        let absent = [bwrap, nsenter, setpriv, unshare].filter { FileBytes.kind(of: $0) != S_IFREG }
        guard !absent.isEmpty else { return nil }
        return "\(absent.joined(separator: ", ")) missing: install Debian's packages bubblewrap and util-linux"
    }
}
