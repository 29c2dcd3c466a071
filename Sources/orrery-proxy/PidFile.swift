internal import Glibc

/// A file with the number of this process, for those who want to end it.
struct PidFile: Sendable {
    private let path: String

    /// Writes the number, without a line end, as configurable-http-proxy does.
    init(path: String) throws {
        self.path = path
        guard let file = unsafe fopen(path, "w") else { throw Self.error(path) }
        _ = unsafe fputs("\(getpid())", file)
        // The bytes get to the file only now.
        guard unsafe fclose(file) == 0 else { throw Self.error(path) }
    }

    private static func error(_ path: String) -> StartError {
        StartError("--pid-file: cannot write \(path): \(unsafe String(cString: strerror(errno)))")
    }

    /// Removes the file, unless another process has written its own number there since.
    func remove() {
        guard let file = unsafe fopen(path, "r") else { return }
        var bytes = [CChar](repeating: 0, count: 32)
        _ = unsafe fgets(&bytes, CInt(bytes.count), file)
        unsafe fclose(file)
        guard unsafe atoi(&bytes) == getpid() else { return }
        _ = unsafe unlink(path)
    }
}
