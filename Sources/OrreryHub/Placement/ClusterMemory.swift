import Foundation
import OrreryPolicy
import OrrerySpawn

/// What the hub remembers of one cluster besides what is taken of it.
struct ClusterMemory: Sendable {
    var breaker = Breaker()
    var quota = QuotaGate()
    /// How the last starts went, the newest last.
    private(set) var starts: [Bool] = []
    private(set) var images: Set<String> = []

    private static let remembered = 10

    /// A session with `image` became ready.
    mutating func succeeded(image: String) {
        breaker.succeeded()
        note(true)
        images.insert(image)
    }

    /// A session did not become ready. Only `isClusters` doing opens the breaker.
    mutating func failed(isClusters: Bool, at now: Date) {
        note(false)
        if isClusters { breaker.failed(at: now) }
    }

    mutating func knows(image: String) { images.insert(image) }

    private mutating func note(_ isGood: Bool) {
        starts.append(isGood)
        if starts.count > Self.remembered { starts.removeFirst() }
    }
}

extension ClusterFacts.Health {
    init(_ condition: ClusterCondition) {
        self =
            switch condition {
            case .ready: .ready
            case .degraded(let reason): .degraded(reason)
            case .unreachable(let since, let reason): .unreachable(since: since, reason: reason)
            case .neverSeen: .neverSeen
            }
    }
}
