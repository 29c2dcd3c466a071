package struct PodStatus: Codable, Hashable, Sendable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    package var phase: String?
    package var reason: String?
    @Quoted package var message: String?
    package var podIP: String?
    package var conditions: [PodCondition]?
    package var containerStatuses: [ContainerStatus]?

    package init(phase: String? = nil, podIP: String? = nil) {
        self.phase = phase
        self.podIP = podIP
    }
}

extension PodStatus {
    package func condition(_ type: String) -> PodCondition? { conditions?.first { $0.type == type } }

    /// Whether the condition `type` is there and true.
    package func holds(_ type: String) -> Bool { condition(type)?.status == "True" }

    /// A kubelet from 1.33 on says so of `supplementalGroupsPolicy: Strict` where its runtime, containerd before 2.0 or CRI-O before
    /// 1.31, could not heed it.
    package var isRefusedForGroupsPolicy: Bool { phase == "Failed" && reason == "SupplementalGroupsPolicyNotSupported" }
}

package struct PodCondition: Codable, Hashable, Sendable {
    package var type: String
    /// `True`, `False` or `Unknown`.
    package var status: String
    package var reason: String?
    @Quoted package var message: String?

    package init(_ type: String, _ status: String, reason: String? = nil, message: String? = nil) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
    }
}

package struct ContainerStatus: Codable, Hashable, Sendable {
    package var name: String
    package var state: State?
    package var ready: Bool?
    package var restartCount: Int?

    package init(name: String, state: State? = nil, ready: Bool? = nil) {
        self.name = name
        self.state = state
        self.ready = ready
    }

    /// One of the three is set.
    package struct State: Codable, Hashable, Sendable {
        package var waiting: Waiting?
        package var running: Running?
        package var terminated: Terminated?

        package init(waiting: Waiting? = nil, running: Running? = nil, terminated: Terminated? = nil) {
            self.waiting = waiting
            self.running = running
            self.terminated = terminated
        }
    }

    package struct Waiting: Codable, Hashable, Sendable {
        package var reason: String?
        @Quoted package var message: String?

        package init(reason: String, message: String? = nil) {
            self.reason = reason
            self.message = message
        }
    }

    package struct Running: Codable, Hashable, Sendable {
        package var startedAt: String?

        package init(startedAt: String? = nil) { self.startedAt = startedAt }
    }

    package struct Terminated: Codable, Hashable, Sendable {
        package var exitCode: Int
        package var reason: String?
        package var message: String?

        package init(exitCode: Int, reason: String? = nil, message: String? = nil) {
            self.exitCode = exitCode
            self.reason = reason
            self.message = message
        }
    }
}
