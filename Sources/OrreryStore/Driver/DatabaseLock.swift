internal import Glibc

/// Says that a hub runs on a database: one at a time has it, until its process ends, however it ends. Commands beside a hub
/// do not ask for it. The file `PATH.lock` stays, and means nothing by itself.
///
/// Concurrency: safe from any task; it is given back with the last reference.
package final class DatabaseLock: Sendable {
    private let descriptor: CInt

    /// `.unavailable` while another process has it, which the message names, and where the file cannot be made.
    package init(besides path: String) throws(StoreError) {
        try DatabaseFile.prepare(path)
        let file = "\(path).lock"
        // Never removed: whoever locks a file that has lost its name keeps nobody out. The path outlives the call.
        let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DatabaseFile.refusal(file, errno) }
        // Not fcntl's: such a lock goes with the first descriptor of the file that this process closes.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = Self.text(of: descriptor)
            close(descriptor)
            guard reason == EWOULDBLOCK else { throw DatabaseFile.refusal(file, reason) }
            throw StoreError(
                .unavailable, "a hub runs on the database \(path): \(holder)",
                next: "stop that one, or name another file under hub.database")
        }
        self.descriptor = descriptor
        sign()
    }

    deinit { close(descriptor) }

    /// Writes down who has it, for whoever comes too late. Without that it is held all the same.
    private func sign() {
        var name = [CChar](repeating: 0, count: 256)
        // Safe: one byte less than there are, so that the last one stays 0.
        let isNamed = unsafe gethostname(&name, name.count - 1) == 0
        let host =
            isNamed
            ? " on \(String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))" : ""
        let text = Array("process \(getpid())\(host)\n".utf8)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = unsafe pwrite(descriptor, text, text.count, 0)
    }

    private static func text(of descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 300)
        // Safe: at most as many bytes as there are.
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return "one that says nothing of itself" }
        return String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
