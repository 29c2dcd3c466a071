import Foundation
import Glibc

/// A program of this machine, started for a test, with files for its input and output.
///
/// Not Foundation's `Process`: started from many threads at once, that one has read beyond its list of open descriptors.
final class Program: Sendable {
    let number: pid_t
    private let directory: URL

    /// `words[0]` is a path.
    init(_ words: [String], input: [UInt8] = []) {
        directory = FileManager.default.temporaryDirectory.appending(path: "orrery-program-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try Data(input).write(to: directory.appending(path: "input"))
        } catch { preconditionFailure("no directory for \(words[0]): \(error)") }
        number = Self.spawn(words, in: directory.path)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// What it has written so far.
    var output: [UInt8] { (try? Data(contentsOf: directory.appending(path: "output"))).map(Array.init) ?? [] }

    /// Waits for its end; the exit status, or nil when a signal ended it.
    @discardableResult func wait() -> Int32? {
        var status: CInt = 0
        while unsafe waitpid(number, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : nil
    }

    func end() {
        kill(number, SIGKILL)
        wait()
    }

    private static func spawn(_ words: [String], in directory: String) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "\(directory)/input", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "\(directory)/output", O_WRONLY | O_CREAT, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // A child that kept the connections of other tests open would keep their ends from being seen.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = CInt(name), descriptor > 2 {
                unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
            }
        }
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var number: pid_t = 0
        let status = unsafe posix_spawn(&number, words[0], &actions, nil, &arguments, environ)
        precondition(status == 0, "\(words[0]) does not start: error \(status)")
        return number
    }
}

/// Runs `openssl` with these arguments to its end; what it wrote.
@discardableResult func openssl(_ arguments: [String], input: [UInt8] = []) -> [UInt8] {
    let program = Program(["/usr/bin/openssl"] + arguments, input: input)
    let status = program.wait()
    precondition(status == 0, "openssl \(arguments.first ?? "") failed")
    return program.output
}
