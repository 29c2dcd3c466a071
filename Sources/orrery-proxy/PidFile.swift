internal import ArgumentParser
internal import Glibc

/// A file with the number of this process, for those who want to end it.
struct PidFile: Sendable {
    private let path: String

    /// Writes the number, without a line end, as configurable-http-proxy does.
    init(path: String) throws {
        self.path = path
        guard let file = unsafe fopen(path, "w") else {
            throw ValidationError("--pid-file: cannot write \(path): \(unsafe String(cString: strerror(errno)))")
        }
        _ = unsafe fputs("\(getpid())", file)
        unsafe fclose(file)
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
