internal import Glibc
internal import OrreryModel

extension ContainerRun {
    /// Looks at the sandbox that waits at its gate: whether it is complete, whether each mount is the directory that
    /// was meant, and whether the command is there.
    ///
    /// Somebody may have put a link in place of a directory after we looked at it and before bubblewrap did; nothing
    /// of the pod has run yet, so what is compared here is what it will see.
    func look() -> Gate {
        guard let child = reportedChild else {
            return isAlive ? .closed : .refused(lastWords ?? "the sandbox ended before its report")
        }
        guard isAlive else { return .refused(lastWords ?? "the sandbox could not be made") }
        guard isComplete(child) else { return .closed }
        let root = RootedPath(root: "/proc/\(child.number)/root", links: .inRoot)
        for check in expected {
            guard let found = try? root.open(check.destination), found.identity == check.identity else {
                return .refused("the volume at \(check.destination) was changed while it was mounted")
            }
        }
        if let problem = commandProblem(in: root) {
            return .refused("unable to start container process: \(problem)")
        }
        return .ready(ContainerProcess(outer: outer, child: child))
    }

    /// bubblewrap works in a root of its own with the new one below it; only at the end is `newroot` the root.
    private func isComplete(_ child: ProcessIdentity) -> Bool {
        let bytes = (try? FileBytes.read("/proc/\(child.number)/mountinfo")) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).contains { line in
            let fields = line.split(separator: UInt8(ascii: " ")).prefix(5)
            return fields.count == 5 && fields[4].elementsEqual("/".utf8) && fields[3].elementsEqual("/newroot".utf8)
        }
    }

    /// Why the command cannot be found, in a runtime's words; nil when it can.
    private func commandProblem(in root: RootedPath) -> String? {
        guard let name = command.first else { return "no command specified" }
        guard !name.contains("/") else {
            do {
                return try isExecutable(root.open(name)) ? nil : "exec: \"\(name)\": permission denied"
            } catch {
                return "exec: \"\(name)\": stat \(name): no such file or directory"
            }
        }
        let places = searchPath.split(separator: ":")
        let isFound = places.contains { place in
            guard let file = try? root.open("\(place)/\(name)") else { return false }
            return isExecutable(file)
        }
        return isFound ? nil : "exec: \"\(name)\": executable file not found in $PATH"
    }

    private func isExecutable(_ file: borrowing Descriptor) -> Bool {
        file.mode & S_IFMT == S_IFREG && file.mode & 0o111 != 0
    }

    /// The last line of what bubblewrap complained about.
    var lastWords: String? {
        let bytes = (try? FileBytes.read("\(directory)/stderr", limit: 16 << 10)) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) }
    }
}
