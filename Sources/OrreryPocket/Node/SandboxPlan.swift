internal import OrreryModel

/// Everything that one run of a container is made of. `arguments` turns it into the command that makes it.
struct SandboxPlan {
    struct Mount: Equatable {
        let source: String
        let destination: String
        let isReadOnly: Bool
    }

    var sandbox: Sandbox
    var tree: RootTree
    /// In order of depth, so that a mount inside of another comes after it.
    var mounts: [Mount]
    var hostname: String
    var identity: RunIdentity
    /// Entered last, by `VariableScript`.
    var workingDirectory: String
    var command: [String]

    /// The number at which bubblewrap finds the file for its reports, and the gate it waits at before the command.
    static let reportFile: CInt = 3
    static let gateFile: CInt = 4
    static let variablesFile: CInt = 5

    var arguments: [String] {
        var words = sandbox.entrance + [Tool.bwrap]
        words += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", hostname]
        // The command itself is the first process, as in any container: a signal it has no handler for is ignored.
        words += ["--as-pid-1"] + sandbox.capabilities
        words += fileSystem
        words += ["--remount-ro", "/", "--chdir", "/"]
        words += ["--json-status-fd", "\(Self.reportFile)", "--block-fd", "\(Self.gateFile)", "--"]
        return words + sandbox.entry(to: identity, variables: Self.variablesFile) + command
    }

    static let privateDirectories = ["/tmp", "/var/tmp", "/run", "/dev/shm"]

    private static let secretPaths = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug"]
    private static let kernelPaths =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"] + secretPaths
}

extension SandboxPlan {
    /// What is put at one path. `hides` says that what lies below is somebody else's: nothing is made there.
    private struct Step {
        let path: String
        let words: [String]
        var hides = false
    }

    /// First what images and runtimes give, by depth, then the volumes.
    private var fileSystem: [String] {
        let own = [
            Step(path: "/proc", words: ["--proc", "/proc"]), Step(path: "/dev", words: ["--dev", "/dev"]),
        ]
        // Root may write kernel settings without any capability, so what container runtimes close is closed here too.
        let kernel = Self.kernelPaths.filter(FileBytes.exists).map { path in
            Step(path: path, words: ["--ro-bind", Self.secretPaths.contains(path) ? "/dev/null" : path, path])
        }
        let temporary = Self.privateDirectories.map { Step(path: $0, words: ["--perms", "1777", "--tmpfs", $0]) }
        let given = (own + kernel + temporary + tree.entries.map(Self.step)).enumerated()
            .sorted { ($0.element.path.depth, $0.offset) < ($1.element.path.depth, $1.offset) }
            .map(\.element)
        let volumes = mounts.map { mount in
            Step(
                path: mount.destination,
                words: [mount.isReadOnly ? "--ro-bind" : "--bind", mount.source, mount.destination], hides: true)
        }
        return Self.words(given + volumes)
    }

    /// The words of `steps`, with the directories above them. bubblewrap would make those too, but for root alone.
    private static func words(_ steps: [Step]) -> [String] {
        var made: Set<String> = []
        var hidden: [String] = []
        var words: [String] = []
        for step in steps {
            for above in step.path.ancestors where !made.contains(above) && !hidden.contains(where: above.isInside) {
                words += ["--dir", above]
                made.insert(above)
            }
            words += step.words
            made.insert(step.path)
            if step.hides { hidden.append(step.path) }
        }
        return words
    }

    private static func step(_ entry: RootTree.Entry) -> Step {
        switch entry {
        case .bind(let source, let path): Step(path: path, words: ["--ro-bind", source, path], hides: true)
        case .link(let target, let path): Step(path: path, words: ["--symlink", target, path], hides: true)
        case .directory(let path): Step(path: path, words: ["--dir", path])
        }
    }
}

extension String {
    /// How many components a path has.
    var depth: Int { split(separator: "/").count }

    /// `/a` and `/a/b` for `/a/b/c`.
    fileprivate var ancestors: [String] {
        let names = split(separator: "/")
        return names.indices.dropFirst().map { "/" + names[..<$0].joined(separator: "/") }
    }

    func isInside(_ directory: String) -> Bool { self == directory || hasPrefix(directory + "/") }
}
