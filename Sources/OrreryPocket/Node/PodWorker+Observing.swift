internal import Foundation
internal import Glibc
internal import OrreryModel

extension PodWorker {
    /// Looks at the processes, and moves what they printed. Answers whether a container came to another state.
    func observe(now: Date) -> Bool {
        var hasChanged = false
        for container in manifest.all {
            guard let state = runtime.containers[container.name] else { continue }
            switch state.state {
            case .launching(let run, let shown):
                hasChanged = lookAt(run, of: container, shown: shown, now: now) || hasChanged
            case .running(let run):
                hasChanged = lookAt(run, of: container, now: now) || hasChanged
            case .waiting, .terminated: break
            }
        }
        return hasChanged
    }

    private func lookAt(
        _ run: ContainerRun, of container: ContainerManifest, shown: ContainerRuntime.State, now: Date
    ) -> Bool {
        switch run.look() {
        case .closed: return false
        case .refused(let problem):
            run.send(SIGKILL)
            startFailed(container, run: run, problem, now: now)
        case .ready(let process):
            do {
                try run.open()
            } catch {
                run.send(SIGKILL)
                startFailed(container, run: run, "\(error)", now: now)
                return true
            }
            began(container, run, process, shown: shown, now: now)
        }
        return true
    }

    private func began(
        _ container: ContainerManifest, _ run: ContainerRun, _ process: ContainerProcess,
        shown: ContainerRuntime.State, now: Date
    ) {
        var run = run
        run.child = process.child
        run.startedAt = now
        runtime.containers[container.name]?.begin(run, after: shown)
        let isStarted = Probe(.startup, of: container) == nil
        let isReady = isStarted && !container.isInit && Probe(.readiness, of: container) == nil
        runtime.containers[container.name]?.isStarted = isStarted
        runtime.containers[container.name]?.isReady = isReady
        tools.events.tell(manifest.object, .normal, "Started", "Container started", at: container.fieldPath)
    }

    private func lookAt(_ run: ContainerRun, of container: ContainerManifest, now: Date) -> Bool {
        let isAlive = run.isAlive
        moveOutput(of: run, now: now, isLast: !isAlive)
        guard !isAlive else {
            forceCondemned(container, run, now: now)
            return false
        }
        let code = run.exitCode ?? 137
        runtime.containers[container.name]?.end(
            ContainerRuntime.Termination(
                exitCode: code, reason: code == 0 ? "Completed" : "Error",
                message: lastMessage(of: container, run, code),
                startedAt: run.startedAt, finishedAt: now, containerID: run.name))
        runtime.containers[container.name]?.isReady = container.isInit && code == 0
        return true
    }

    private func moveOutput(of run: ContainerRun, now: Date, isLast: Bool) {
        let pump = LogPump(directory: run.directory)
        let printed = pump.printed
        guard isLast || moved[run.id] != printed else { return }
        pump.run(now: now, isLast: isLast)
        moved[run.id] = isLast ? nil : printed
    }

    private func forceCondemned(_ container: ContainerManifest, _ run: ContainerRun, now: Date) {
        guard let condemned = runtime.containers[container.name]?.condemned, !condemned.isKilled,
            now >= condemned.deadline
        else { return }
        run.send(SIGKILL)
        runtime.containers[container.name]?.condemned?.isKilled = true
    }

    /// What the container left at its termination message path, or, where it asks for that, the end of its log.
    private func lastMessage(of container: ContainerManifest, _ run: ContainerRun, _ code: Int32) -> String? {
        let left = (try? FileBytes.read("\(run.directory)/message", limit: 4096)) ?? []
        if !left.isEmpty { return String(decoding: left, as: UTF8.self) }
        guard container.fallsBackToLogs, code != 0 else { return nil }
        let log = (try? FileBytes.read("\(run.directory)/log")) ?? []
        let lines = log.split(separator: UInt8(ascii: "\n")).suffix(80).map { line in
            // After time, stream and flag.
            line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false).last ?? []
        }
        let text = Array(lines.joined(separator: [UInt8(ascii: "\n")])).suffix(2048)
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    /// Notes that a run came to nothing before the container's own command began.
    func startFailed(_ container: ContainerManifest, run: ContainerRun?, _ problem: String, now: Date) {
        let sentence =
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
            + "runc create failed: \(problem)"
        let termination = ContainerRuntime.Termination(
            exitCode: 128, reason: "StartError", message: sentence, startedAt: Date(timeIntervalSince1970: 0),
            finishedAt: now, containerID: run?.name)
        tools.events.tell(manifest.object, .warning, "Failed", "Error: \(sentence)", at: container.fieldPath)
        runtime.containers[container.name]?.end(termination)
        guard runtime.restarts(container, of: manifest) else { return }
        runtime.containers[container.name]?.last = termination
        runtime.containers[container.name]?.state = .waiting(reason: "RunContainerError", message: sentence)
        runtime.containers[container.name]?.retryAt = now.addingTimeInterval(1)
        remind(container, now: now)
    }
}

extension ContainerRun {
    /// What goes into `containerID`.
    var name: String { "pocket://\(id)" }
}

extension ContainerRuntime {
    mutating func begin(_ run: ContainerRun, after shown: State) {
        if case .terminated(let termination) = shown { last = termination }
        state = .running(run)
        toldAt = nil
        restarts = attempts - 1
        containerID = run.name
        condemned = nil
    }

    mutating func end(_ termination: Termination) {
        state = .terminated(termination)
        toldAt = nil
        restarts = attempts - 1
        containerID = termination.containerID
        isReady = false
        isStarted = false
    }
}
