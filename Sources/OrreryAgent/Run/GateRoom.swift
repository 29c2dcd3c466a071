import Glibc

/// The directory of the gate's socket, which nobody but this process's user can enter. It goes when this goes.
final class GateRoom: Sendable {
    /// Where the gate listens, and target `k` leads.
    let socket: String
    private let directory: String

    init() throws(AgentError) {
        var template = Array("/tmp/orrery-agent-XXXXXX".utf8CString)
        // Made with mode 0700, under a name that nobody can have foreseen.
        guard unsafe mkdtemp(&template) != nil else {
            throw .machine("no directory for the gate under /tmp: \(unsafe String(cString: strerror(errno)))")
        }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        socket = directory + "/gate"
    }

    deinit {
        _ = unsafe unlink(socket)
        _ = unsafe rmdir(directory)
    }
}
