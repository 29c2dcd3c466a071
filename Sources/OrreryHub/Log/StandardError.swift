import Glibc
import Synchronization

/// Where the log goes.
enum StandardError {
    /// Writes the line with one call; one that a full pipe takes in pieces is not mixed with others. What cannot be written is
    /// lost, as with stdio.
    static func write(_ line: String, to descriptor: CInt = STDERR_FILENO) {
        var line = line
        line.withUTF8 { bytes in
            turn.withLock { _ in
                var rest = UnsafeRawBufferPointer(bytes)
                while let start = rest.baseAddress, rest.count > 0 {
                    let written = unsafe Glibc.write(descriptor, start, rest.count)
                    if written < 0, errno == EINTR { continue }
                    guard written > 0 else { return }
                    unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                }
            }
        }
    }

    private static let turn = Mutex(())
}
