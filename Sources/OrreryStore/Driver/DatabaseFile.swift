internal import Glibc

/// The place of the database on disk, looked at before SQLite does: SQLite says only "unable to open database file".
enum DatabaseFile {
    /// Makes the file with mode 0600 when there is none, and otherwise makes sure that it can be written.
    static func prepare(_ path: String) throws(StoreError) {
        // O_EXCL: an existing file is never opened here, because closing it would drop the locks that another
        // connection of this process holds on it (POSIX record locks belong to the process, not to the descriptor).
        // Safe, here and below: the path is passed as a C string of its own that outlives the call.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let reason = errno
        guard reason == EEXIST else { throw refusal(path, reason) }
        guard !isDirectory(path) else { throw refusal(path, EISDIR) }
        guard unsafe access(path, R_OK | W_OK) == 0 else { throw refusal(path, errno) }
    }

    /// Makes sure that there is something at `path`, and tells a file that is missing from one that cannot be seen.
    static func find(_ path: String) throws(StoreError) {
        guard unsafe access(path, F_OK) != 0 else { return }
        let reason = errno
        guard reason == ENOENT else {
            throw StoreError(
                .unavailable, "the database \(path) cannot be looked for: \(words(reason))",
                next: "run this as the hub's account")
        }
        throw StoreError(
            .unavailable, "there is no database at \(path)",
            next: "name the right configuration with --config, or start the hub once")
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func refusal(_ path: String, _ reason: Int32) -> StoreError {
        let next =
            reason == ENOENT
            ? "make its directory, or name another file under hub.database"
            : "let the account that runs the hub write it, or name another file under hub.database"
        return StoreError(.unavailable, "the database \(path) cannot be written: \(words(reason))", next: next)
    }

    private static func words(_ reason: Int32) -> String {
        // Safe: the C library returns a terminated string, which is copied before any other call.
        unsafe String(cString: strerror(reason)).lowercased()
    }
}
