internal import Foundation
internal import OrreryModel

/// What the node knows about one pod beyond its object. Kept on disk, so that a restarted pocket goes on where the
/// last one stopped.
struct PodRuntime: Equatable, Codable, Sendable {
    let uid: String
    let namespace: String
    let name: String
    /// When the node first saw the pod; nil until it has said so.
    var startedAt: Date?
    var address: String?
    /// Volumes are there and the address is taken.
    var isPrepared = false
    var mountRetry = Retry(first: 0.5, most: 122)
    var containers: [String: ContainerRuntime] = [:]
    var ending: Ending?
    var volumes: [String: PodVolumes.Volume] = [:]
    /// The phase that will not change any more.
    var finalPhase: String?

    struct Ending: Equatable, Codable, Sendable {
        enum Cause: String, Codable, Sendable {
            case deletion
            case deadline
            case shutdown
        }

        let cause: Cause
        var grace: Double
        /// When patience ends.
        var deadline: Date
        var isKilled = false
    }
}

/// What the node knows about one container.
struct ContainerRuntime: Equatable, Codable, Sendable {
    enum State: Equatable, Codable, Sendable {
        case waiting(reason: String, message: String?)
        /// The sandbox is being made; the object still shows what was before.
        indirect case launching(ContainerRun, shown: State)
        case running(ContainerRun)
        case terminated(Termination)
    }

    struct Termination: Equatable, Codable, Sendable {
        let exitCode: Int32
        let reason: String
        var message: String?
        var startedAt: Date?
        var finishedAt: Date?
        var containerID: String?
    }

    var state: State
    var last: Termination?
    /// How often it was started beyond the first time.
    var restarts = 0
    /// How often a run was begun; the number of the next run's directory.
    var attempts = 0
    var containerID: String?
    var imageID = ""
    var isReady = false
    var isStarted = false
    /// When the present state may be left.
    var retryAt: Date?
    /// How long the next crash is waited after; nil before the first, which is not waited after.
    var crashDelay: Double?
    var pulls = Retry(first: 10, most: 300)
    /// When the last event about waiting was given.
    var toldAt: Date?
    /// A probe has found it dead: it ends, and is started again whatever its exit code is.
    var condemned: Condemnation?

    struct Condemnation: Equatable, Codable, Sendable {
        let deadline: Date
        var isKilled = false
    }

    var run: ContainerRun? {
        switch state {
        case .launching(let run, _), .running(let run): run
        case .waiting, .terminated: nil
        }
    }

    var termination: Termination? {
        guard case .terminated(let termination) = state else { return nil }
        return termination
    }

    var isRunning: Bool {
        guard case .running = state else { return false }
        return true
    }
}

extension ContainerRuntime.State {
    /// What a waiting container waits for.
    var reason: String? {
        guard case .waiting(let reason, _) = self else { return nil }
        return reason
    }
}

/// Waiting times that double up to a limit.
struct Retry: Equatable, Codable, Sendable {
    let first: Double
    let most: Double
    /// The time waited last; nil before the first failure.
    private(set) var delay: Double?
    private(set) var due: Date?

    init(first: Double, most: Double) {
        self.first = first
        self.most = most
    }

    /// Notes a failure and answers with the time to wait after it.
    mutating func fail(at now: Date) -> Double {
        let next = min(delay.map { $0 * 2 } ?? first, most)
        delay = next
        due = now.addingTimeInterval(next)
        return next
    }

    func isDue(at now: Date) -> Bool { due.map { now >= $0 } ?? true }

    mutating func reset() {
        delay = nil
        due = nil
    }
}
