package import FoundationEssentials
package import OrreryModel

/// One session of one person, from the click to its end, and kept afterwards as history.
package struct SessionRecord: Hashable, Sendable {
    /// See `RecordID`. Sorted as text, sessions are in the order in which they were asked for.
    package let id: String
    package let person: Int64
    package let personName: String
    /// The server's name among the person's servers; "" is the default one.
    package let server: String
    package let profile: String
    package let environment: String
    package let size: String
    /// While it waits for room, the one that would be best.
    package var cluster: String
    package var plan: Plan
    package var planHash: String
    /// Fresh for every attempt to make a pod. A pod that carries another one is somebody else's work.
    package let spawn: String
    package var namespace: String
    package let pod: String
    package var podUID: String?
    /// `ip:port` of the server in the pod. An address is worth something only together with `podUID`.
    package var address: String?
    /// `/user/ada/`: where the proxy leads to it. Two live sessions never share one.
    package let prefix: String
    package var state: SessionState
    /// The newest sentence about it, for its person.
    package var message: String
    package private(set) var createdAt: Date
    package var readyAt: Date?
    /// Set exactly when `state` is `.ended`; see `end`.
    package var endedAt: Date?
    package var endReason: EndReason?
    package private(set) var lastActivity: Date
    /// The group that it counts for when places are shared out.
    package let account: String
    /// What was asked for, while it waits for room. Once it has a place, nil unless the person insists on the cluster.
    package var wish: SessionChoice?

    package init(
        id: String, person: Int64, personName: String, server: String, profile: String, environment: String,
        size: String, cluster: String, plan: Plan, planHash: String, spawn: String, namespace: String, pod: String,
        podUID: String? = nil, address: String? = nil, prefix: String, state: SessionState = .queued,
        message: String = "", createdAt: Date, readyAt: Date? = nil, endedAt: Date? = nil,
        endReason: EndReason? = nil, lastActivity: Date? = nil, account: String = "", wish: SessionChoice? = nil
    ) {
        self.id = id
        self.person = person
        self.personName = personName
        self.server = server
        self.profile = profile
        self.environment = environment
        self.size = size
        self.cluster = cluster
        self.plan = plan
        self.planHash = planHash
        self.spawn = spawn
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.address = address
        self.prefix = prefix
        self.state = state
        self.message = message
        self.createdAt = createdAt
        self.readyAt = readyAt
        self.endedAt = endedAt
        self.endReason = endReason
        self.lastActivity = lastActivity ?? createdAt
        self.account = account
        self.wish = wish
    }

    /// Ends it: state, instant, reason and sentence together, as the store demands.
    package mutating func end(_ reason: EndReason, _ message: String, at now: Date) {
        state = .ended
        endedAt = now
        endReason = reason
        self.message = message
        wish = nil
    }

    /// The same as the store gives it back.
    var stored: SessionRecord {
        var stored = self
        stored.createdAt = Column.stored(createdAt)
        stored.readyAt = readyAt.map(Column.stored)
        stored.endedAt = endedAt.map(Column.stored)
        stored.lastActivity = Column.stored(lastActivity)
        return stored
    }

    /// Whether it waits for room: no cluster has been asked for it yet.
    package var isWaiting: Bool { wish != nil && state == .queued }

    /// Whether the place where it runs is another one than that of `other`.
    func isElsewhere(than other: SessionRecord) -> Bool {
        cluster != other.cluster || planHash != other.planHash || namespace != other.namespace
    }
}

/// One thing that happened on the way of a session, as its person reads it.
package struct SessionEventRecord: Hashable, Codable, Sendable {
    package let session: String
    /// 1, 2, 3 … within the session, without a gap.
    package let number: Int
    package let at: Date
    package let state: SessionState
    package let message: String

    package init(session: String, number: Int, at: Date, state: SessionState, message: String) {
        self.session = session
        self.number = number
        self.at = at
        self.state = state
        self.message = message
    }
}
