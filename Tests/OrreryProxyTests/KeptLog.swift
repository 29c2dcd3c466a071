import Glibc
import Testing

@testable import OrreryProxy

/// A log that a test reads: what is expected there does not stand between the results of the tests.
///
/// Its file stays open to the end of the process, for threads that nobody waits for may still write to it.
struct KeptLog: Sendable {
    let output: ProxyLog.Output

    init() throws {
        var path = Array("/tmp/orrery-log-XXXXXX".utf8CString)
        let file = unsafe mkstemp(&path)
        try #require(file >= 0)
        _ = unsafe unlink(path)
        output = ProxyLog.Output(descriptor: file)
    }

    /// All that was written so far.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe pread(output.descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// Whether one line, an error, has all of these in it.
    func hasError(_ words: String...) -> Bool {
        text.split(separator: "\n").contains { line in
            line.contains("] error: ") && words.allSatisfy { line.contains($0) }
        }
    }
}
