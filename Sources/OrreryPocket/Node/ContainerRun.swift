internal import Foundation
internal import Glibc
internal import OrreryModel

/// One run of a container: the directory it leaves its traces in, and the processes. All that is needed to find it
/// again after a restart of pocket is in the record and in that directory.
///
///     report   bubblewrap's reports: who the child is, at the end its exit code
///     gate     a named pipe; the command begins when a byte comes through it
///     stdout, stderr   what the command prints, cut away as the log pump reads it
///     log      the same as runtimes write it, with time and stream
///     message  what the command leaves at its termination message path
struct ContainerRun: Hashable, Codable, Sendable {
    /// 64 hexadecimal digits, as container runtimes name their containers.
    let id: String
    let directory: String
    let outer: ProcessIdentity
    var child: ProcessIdentity?
    /// When the command was let begin.
    var startedAt: Date?
    /// What has to be found at each mount point that had to be looked up in a tree others can write to.
    let expected: [MountCheck]
    let command: [String]
    /// The container's `PATH`. Its other variables may be secrets and are not kept.
    let searchPath: String

    struct MountCheck: Hashable, Codable, Sendable {
        let destination: String
        let identity: FileIdentity
    }

    enum Gate {
        /// The sandbox is still being made.
        case closed
        case ready(ContainerProcess)
        /// It could not be made, or is not what was asked for; nothing of the pod's own has run.
        case refused(String)
    }

    /// Makes `directory` and starts the sandbox, which waits at its gate.
    static func start(
        _ plan: SandboxPlan, in directory: String, variables: [String: String], expected: [MountCheck]
    ) throws(PocketError) -> ContainerRun {
        guard unsafe mkfifo("\(directory)/gate", 0o600) == 0 else {
            throw .machine("\(directory)/gate cannot be made: \(systemReason())")
        }
        let script = try VariableScript(variables, in: directory, workingDirectory: plan.workingDirectory)
        defer { script.remove() }
        var child = ChildProcess(arguments: plan.arguments, environment: Tool.variables)
        child.standardOutput = "\(directory)/stdout"
        child.standardError = "\(directory)/stderr"
        child.files = [
            (SandboxPlan.reportFile, "\(directory)/report", O_WRONLY | O_CREAT | O_TRUNC),
            // Open for both, so that it neither blocks here nor ends when pocket does: a gate without its keeper stays
            // closed, and the next pocket opens it.
            (SandboxPlan.gateFile, "\(directory)/gate", O_RDWR),
            (SandboxPlan.variablesFile, script.path, O_RDONLY),
        ]
        let number = try child.start()
        guard let outer = ProcessIdentity(running: number) else {
            _ = ChildProcess.exitStatus(of: number)
            throw .machine("the sandbox ended at once")
        }
        return ContainerRun(
            id: newID(), directory: directory, outer: outer, child: nil, startedAt: nil, expected: expected,
            command: plan.command, searchPath: variables["PATH"] ?? "")
    }

    private static func newID() -> String {
        (0..<4).map { _ in
            let word = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }

    /// The container's processes when they are known.
    var process: ContainerProcess? { child.map { ContainerProcess(outer: outer, child: $0) } }

    /// Whether anything of it still runs. Takes away what is left of bubblewrap when it was our child.
    var isAlive: Bool {
        // The child may outlive a bubblewrap that somebody killed.
        if outer.isAlive || child?.isAlive == true { return true }
        _ = ChildProcess.exitStatus(of: outer.number)
        return false
    }

    /// How the command ended: its exit code, 128 + the signal's number when a signal ended it, and nil when nobody saw
    /// it, as after a crash of the machine.
    var exitCode: Int32? {
        report.compactMap { $0["exit-code"]?.integer }.last.flatMap(Int32.init(exactly:))
    }

    /// The child as bubblewrap reported it.
    var reportedChild: ProcessIdentity? {
        let number = report.compactMap { $0["child-pid"]?.integer }.first
        return number.flatMap(Int32.init(exactly:)).flatMap(ProcessIdentity.init(running:))
    }

    private var report: [JSON] {
        let bytes = (try? FileBytes.read("\(directory)/report")) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON(parsing: Array($0)) }
    }

    /// Lets the command begin.
    func open() throws(PocketError) {
        let file = unsafe Glibc.open("\(directory)/gate", O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw .machine("\(directory)/gate cannot be opened: \(systemReason())") }
        defer { close(file) }
        guard unsafe write(file, "\n", 1) == 1 else {
            throw .machine("\(directory)/gate cannot be written: \(systemReason())")
        }
    }

    /// Sends `signal` to the command itself, the first process of the container.
    func send(_ signal: CInt) {
        if let child {
            child.send(signal)
        } else if signal == SIGKILL, outer.isAlive {
            // The gate is closed, so all there is belongs to bubblewrap, which leads a process group of its own.
            kill(-outer.number, signal)
            // Taken away at once when it is our child; it takes the kernel a moment.
            waitpid(outer.number, nil, 0)
        }
    }
}
