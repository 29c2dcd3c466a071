internal import CLinux
internal import Glibc
internal import OrreryModel

/// A process of this machine, known by its number and by the moment it began. The number alone is not enough: after a
/// restart of pocket the kernel may have given it to somebody else.
struct ProcessIdentity: Hashable, Codable, Sendable {
    let number: Int32
    /// In the kernel's ticks since the machine was started.
    let start: UInt64

    init(number: Int32, start: UInt64) {
        self.number = number
        self.start = start
    }

    /// The process that has `number` now; nil when there is none, or it has ended and only waits for its parent.
    init?(running number: Int32) {
        guard let stat = try? FileBytes.read("/proc/\(number)/stat"),
            let close = stat.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // The name in parentheses may itself hold spaces and parentheses, so the fields are counted from its end.
        let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, fields[0].first != UInt8(ascii: "Z"),
            let start = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        self.init(number: number, start: start)
    }

    var isAlive: Bool { ProcessIdentity(running: number) == self }

    /// Sends `signal` when the process is still the one that was meant.
    func send(_ signal: CInt) {
        guard isAlive else { return }
        kill(number, signal)
    }
}

/// What a child of ours is started with. It gets no descriptor but those named here, no signal blocked or ignored, and
/// a session of its own, so that a Ctrl-C meant for pocket does not reach it.
struct ChildProcess {
    var arguments: [String]
    var environment: [String: String] = [:]
    var standardOutput = "/dev/null"
    var standardError = "/dev/null"
    /// Files that the child finds open at a number of its own, beyond the standard three.
    var files: [(number: CInt, path: String, flags: CInt)] = []

    /// Starts the process and answers with its number. `arguments[0]` is a path.
    func start() throws(PocketError) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, standardOutput, Self.outputFlags, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, standardError, Self.outputFlags, 0o600)
        for file in files {
            unsafe posix_spawn_file_actions_addopen(&actions, file.number, file.path, file.flags, 0o600)
        }
        // In the child itself, so that a file which another thread has just opened is closed, too. Most close themselves; a
        // library's may not.
        let wanted = Set(files.map(\.number))
        let last = max(2, wanted.max() ?? 2)
        for gap in (3...max(3, last)) where gap <= last && !wanted.contains(gap) {
            unsafe posix_spawn_file_actions_addclose(&actions, gap)
        }
        unsafe linux_spawn_closing_from(&actions, last + 1)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Self.flags)
        return unsafe try spawn(&actions, &attributes)
    }

    private func spawn(
        _ actions: UnsafePointer<posix_spawn_file_actions_t>, _ attributes: UnsafePointer<posix_spawnattr_t>
    ) throws(PocketError) -> Int32 {
        var words = unsafe arguments.map { unsafe strdup($0) }
        var settings = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") }
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        unsafe words.append(nil)
        unsafe settings.append(nil)
        var number: pid_t = 0
        let failure = unsafe posix_spawn(&number, arguments[0], actions, attributes, words, settings)
        guard failure == 0 else { throw .machine("\(arguments[0]) cannot be started: \(systemReason(failure))") }
        return number
    }

    // Appending, so that what the log pump has read can be cut away without moving what the process writes next.
    private static let outputFlags = O_WRONLY | O_CREAT | O_APPEND
    // The last is POSIX_SPAWN_SETSID of spawn.h, which the system's module does not export.
    private static let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80)

    /// How the child `number` ended, as a shell would say it; nil while it runs, or when it is no child of ours.
    static func exitStatus(of number: Int32) -> Int32? {
        var status: CInt = 0
        guard unsafe waitpid(number, &status, WNOHANG) == number else { return nil }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }
}

/// The system's sentence for an error number.
func systemReason(_ number: CInt = errno) -> String {
    // `strerror_r` of glibc answers with a text of its own or with the buffer, so only its answer is looked at.
    unsafe String(cString: strerror(number)).lowercased()
}
