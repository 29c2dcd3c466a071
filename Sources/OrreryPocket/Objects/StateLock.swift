internal import Glibc

/// Says that one pocket alone uses a state directory: two would overwrite each other's objects and watch over the same
/// pods. The kernel lets go of it with the process, however that ends.
final class StateLock: Sendable {
    private let file: CInt

    /// Throws `state` when another pocket has `directory`, which is made when missing.
    init(directory: String) throws(PocketError) {
        try FileBytes.makeDirectory(directory)
        let path = directory + "/lock"
        // Closed in what we start: a pod must not hold the lock after our end.
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .state("\(path) cannot be made: \(systemReason())") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw .state(
                "the state directory \(directory) is in use by another pocket; stop that one, or name another directory "
                    + "under `state`")
        }
        self.file = file
    }

    /// Gives the directory free. Closing would not be enough: a program that is being started this moment has the file too,
    /// until it runs.
    func release() { _ = flock(file, LOCK_UN) }

    deinit {
        release()
        close(file)
    }
}
