import FoundationEssentials
import Glibc
import OrreryCrypto

/// Keys in a directory of this machine: for an agent on a laptop. One agent alone uses it.
package struct KeyFolder: KeyShelf {
    private let directory: String

    /// Makes the directory, for its owner alone, when it is not there.
    package init(_ directory: String) throws(AgentError) {
        self.directory = directory
        guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw .key("the directory \(directory) cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
    }

    package func read() async throws(AgentError) -> KeptKeys? {
        guard let current = try key("agent.key") else { return nil }
        let since = text("agent.since").flatMap { Int64($0) } ?? 0
        // Left there when a crash came between the change and the end of it.
        let next = try key("next.key")
        return KeptKeys(current: current, since: since, next: next?.id == current.id ? nil : next)
    }

    package func keep(_ keys: KeptKeys, after before: KeptKeys?) async throws(AgentError) -> KeptKeys {
        // In this order a crash in between leaves a key that is good: the next one is kept until the current one is it.
        if let next = keys.next { try write(next.revealPEM(), "next.key") }
        try write(Array("\(keys.since)".utf8), "agent.since")
        try write(keys.current.revealPEM(), "agent.key")
        if keys.next == nil { _ = unsafe unlink(path("next.key")) }
        return keys
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    private func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }

    private func key(_ name: String) throws(AgentError) -> AgentKey? {
        guard unsafe access(path(name), F_OK) == 0 else { return nil }
        guard let pem = text(name) else { throw .key("the key \(path(name)) cannot be read") }
        do { return try AgentKey(pem: Array(pem.utf8)) } catch {
            throw .key("\(path(name)) is not a key of an agent: \(error). Move it away to join with a new one")
        }
    }

    /// Writes a file for its owner alone, in one step.
    private func write(_ content: [UInt8], _ name: String) throws(AgentError) {
        let draft = path(".\(name).\(getpid())")
        let number = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let isWritten = unsafe number >= 0 && Glibc.write(number, content, content.count) == content.count
        let isSafe = isWritten && fsync(number) == 0
        if number >= 0 { _ = Glibc.close(number) }
        guard isSafe, unsafe rename(draft, path(name)) == 0 else {
            throw .key("\(path(name)) cannot be written: \(unsafe String(cString: strerror(errno)))")
        }
    }
}
