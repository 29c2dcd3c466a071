import Glibc

/// Keeps the other programs of this person out while a file is read and written anew.
enum FileLock {
    /// Runs `body` while nobody else runs theirs under the lock at `path`, which is made if it is missing.
    static func hold<Value>(_ path: String, _ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        // The path is passed as a C string that outlives the call.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("\(path) cannot be written; look at its directory") }
        defer { close(descriptor) }
        // A file system that knows no locks is no reason to keep nothing.
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        return try body()
    }
}
