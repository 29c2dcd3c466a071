internal import Foundation
internal import Glibc
internal import OrreryModel

/// A probe to be carried out, and whose it is.
struct ProbeJob: Sendable {
    let podUID: String
    let container: String
    let purpose: Probe.Purpose
    let runID: String
    let action: Probe.Action
    let timeout: Duration
    let target: ProbeRunner.Target

    func run() async -> ProbeRunner.Result { await ProbeRunner(timeout: timeout).run(action, in: target) }
}

extension PodWorker {
    /// The probes whose time has come; each is noted as under way.
    func dueProbes(now: Date) -> [ProbeJob] {
        guard runtime.ending == nil, runtime.finalPhase == nil else { return [] }
        return manifest.containers.flatMap { container -> [ProbeJob] in
            guard let state = runtime.containers[container.name], case .running(let run) = state.state,
                state.condemned == nil
            else { return [] }
            let purposes: [Probe.Purpose] = state.isStarted ? [.liveness, .readiness] : [.startup]
            return purposes.compactMap { job(for: $0, of: container, run, now: now) }
        }
    }

    private func job(
        for purpose: Probe.Purpose, of container: ContainerManifest, _ run: ContainerRun, now: Date
    ) -> ProbeJob? {
        guard let probe = Probe(purpose, of: container), let process = run.process else { return nil }
        let name = "\(container.name) \(purpose.rawValue)"
        var progress =
            probes[name].flatMap { $0.runID == run.id ? $0 : nil }
            ?? ProbeProgress(probe, runID: run.id, startedAt: run.startedAt ?? now)
        defer { probes[name] = progress }
        guard !progress.isUnderWay, now >= progress.dueAt else { return nil }
        progress.begin()
        let image = try? tools.images.image(for: container.image)
        let variables = image.flatMap { try? self.variables(of: container, from: $0) } ?? [:]
        return ProbeJob(
            podUID: manifest.uid, container: container.name, purpose: purpose, runID: run.id,
            action: probe.action(in: container, address: runtime.address ?? "127.0.0.1"),
            timeout: .seconds(probe.timeout),
            target: ProbeRunner.Target(
                sandbox: tools.sandbox, process: process, identity: RunIdentity(manifest, container),
                directory: run.directory, variables: variables,
                workingDirectory: container.workingDirectory ?? "/"))
    }

    /// Takes a probe's result. One of an earlier run, or of a pod that is ending, says nothing.
    func take(_ result: ProbeRunner.Result, of job: ProbeJob, now: Date) {
        let name = "\(job.container) \(job.purpose.rawValue)"
        guard let container = manifest.containers.first(where: { $0.name == job.container }),
            let probe = Probe(job.purpose, of: container), var progress = probes[name], progress.runID == job.runID,
            runtime.containers[job.container]?.run?.id == job.runID, runtime.ending == nil
        else { return }
        let outcome = progress.end(result == .success, of: probe, at: now)
        probes[name] = progress
        if case .failure(let problem) = result {
            let words = "\(job.purpose.rawValue) probe failed: \(problem)"
            tools.events.tell(manifest.object, .warning, "Unhealthy", words, at: container.fieldPath)
        }
        apply(outcome, of: probe, to: container, now: now)
    }

    private func apply(_ outcome: ProbeProgress.Outcome, of probe: Probe, to container: ContainerManifest, now: Date) {
        switch (probe.purpose, outcome) {
        case (_, .none), (.liveness, .passed): return
        case (.startup, .passed):
            runtime.containers[container.name]?.isStarted = true
            runtime.containers[container.name]?.isReady = Probe(.readiness, of: container) == nil
        case (.readiness, .passed): runtime.containers[container.name]?.isReady = true
        case (.readiness, .failed): runtime.containers[container.name]?.isReady = false
        case (.startup, .failed), (.liveness, .failed): condemn(container, probe, now: now)
        }
    }

    private func condemn(_ container: ContainerManifest, _ probe: Probe, now: Date) {
        let words =
            "Container \(container.name) failed \(probe.purpose.rawValue.lowercased()) probe, will be restarted"
        tools.events.tell(manifest.object, .normal, "Killing", words, at: container.fieldPath)
        let deadline = now.addingTimeInterval(probe.grace ?? manifest.gracePeriod)
        runtime.containers[container.name]?.condemned = ContainerRuntime.Condemnation(deadline: deadline)
        runtime.containers[container.name]?.run?.send(SIGTERM)
    }
}
