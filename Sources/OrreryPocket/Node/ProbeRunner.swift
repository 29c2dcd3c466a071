internal import Foundation
internal import Glibc
internal import OrreryModel

/// Carries out one probe, and gives up after its timeout.
struct ProbeRunner: Sendable {
    enum Result: Equatable, Sendable {
        case success
        /// The kubelet's sentence about it.
        case failure(String)
    }

    /// What an exec probe needs to know of the container.
    struct Target: Sendable {
        let sandbox: Sandbox
        let process: ContainerProcess
        let identity: RunIdentity
        let directory: String
        let variables: [String: String]
        let workingDirectory: String
    }

    let timeout: Duration
    private static let variablesFile: CInt = 3

    func run(_ action: Probe.Action, in target: Target) async -> Result {
        switch action {
        case .impossible(let reason): return .failure(reason)
        case .exec(let command): return await execute(command, in: target)
        case .connect(let host, let port): return await connect(host, port)
        case .http(let probe): return await probe.run(timeout: timeout)
        }
    }

    private func connect(_ host: String, _ port: UInt16) async -> Result {
        do {
            _ = try await LoopbackSocket.connect(to: host, port, until: .now + timeout)
            return .success
        } catch {
            return .failure("dial tcp \(host):\(port): \(error.isTimeout ? "" : "connect: ")\(error.reason)")
        }
    }

    private func execute(_ command: [String], in target: Target) async -> Result {
        let output = "\(target.directory)/probe-\(UInt64.random(in: .min ... .max))"
        defer { FileBytes.remove(output) }
        let number: Int32
        do {
            let script = try VariableScript(
                target.variables, in: target.directory, workingDirectory: target.workingDirectory)
            defer { script.remove() }
            var child = ChildProcess(
                arguments: target.sandbox.visit(
                    target.process, as: target.identity, variables: Self.variablesFile, command: command),
                environment: Tool.variables)
            child.standardOutput = output
            child.standardError = output
            child.files = [(Self.variablesFile, script.path, O_RDONLY)]
            number = try child.start()
        } catch {
            return .failure("\(error)")
        }
        let deadline = ContinuousClock.now + timeout
        while true {
            if let status = ChildProcess.exitStatus(of: number) {
                guard status != 0 else { return .success }
                let bytes = (try? FileBytes.read(output, limit: 10 << 10)) ?? []
                return .failure(String(decoding: bytes, as: UTF8.self))
            }
            guard .now < deadline, !Task.isCancelled else { break }
            try? await Task.sleep(for: .milliseconds(10))
        }
        // The whole session, as the probe may have started processes of its own.
        kill(-number, SIGKILL)
        waitpid(number, nil, 0)
        let words = command.joined(separator: " ")
        return .failure("command \"\(words)\" timed out")
    }
}
